// mamba-ssm's extension from its own files: the kernels forwards and backwards, and what Python calls.

#include "selective_scan_fwd_kernel.cuh"
#include "selective_scan_bwd_kernel.cuh"

// What Python calls could be asked for these too; leaving them out halves the time this takes to compile.
#define LEFT_OUT(input_t, weight_t)                                                       \
    template <>                                                                           \
    void selective_scan_fwd_cuda<input_t, weight_t>(SSMParamsBase &, cudaStream_t) {      \
        TORCH_CHECK(false);                                                               \
    }                                                                                     \
    template <>                                                                           \
    void selective_scan_bwd_cuda<input_t, weight_t>(SSMParamsBwd &, cudaStream_t) {       \
        TORCH_CHECK(false);                                                               \
    }
LEFT_OUT(at::Half, float)
LEFT_OUT(at::Half, complex_t)
LEFT_OUT(at::BFloat16, complex_t)
LEFT_OUT(float, complex_t)

#include "selective_scan.cpp"
