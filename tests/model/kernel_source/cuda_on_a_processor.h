// As much of CUDA and CUB as mamba-ssm's selective scan needs, for a processor.
//
// Its kernels are plain C++ but for a few dozen names. Those are given here, so that g++ compiles the kernels
// and their arithmetic can be compared with ours where there is no GPU. It is slow, and no check of races, of
// memory limits, or of a GPU's own functions (nvcc compiles these kernels with --use_fast_math).
//
// A block's threads are fibres, which take turns at barriers and shuffles; blocks run one after the other. To
// be included before any of mamba-ssm's files; the CUDA and CUB headers that those ask for are empty files.

#pragma once

#include <torch/python.h>
#include <ucontext.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

// ---- the language ----

#define __global__
#define __device__
#define __host__
#define __shared__
#define __forceinline__ inline
#define __launch_bounds__(...)

struct float2 { float x, y; };
struct float3 { float x, y, z; };
struct float4 { float x, y, z, w; };
struct uint4 { unsigned x, y, z, w; };
struct half2;  // Named by code for half precision, which is not compiled here.
struct dim3 { unsigned x = 1, y = 1, z = 1; };

inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

inline dim3 threadIdx, blockIdx, blockDim;

// What kernels declare as `extern __shared__ char smem_[]`; as large as a block's on the largest GPUs.
alignas(16) char smem_[227 * 1024];

namespace cuda { namespace std = ::std; }

// ---- threads ----

namespace fibres {

struct Fibre {
    ucontext_t context;
    std::unique_ptr<char[]> stack;
    bool finished = false;
};

constexpr int WARP = 32;
constexpr size_t STACK = 128 * 1024;

inline ucontext_t scheduler;
inline std::vector<Fibre> threads;
inline std::function<void()> kernel;
inline bool progress;

inline void give_way() { swapcontext(&threads[threadIdx.x].context, &scheduler); }

struct Barrier {
    int expected = 0, arrived = 0, passed = 0;

    void wait() {
        const int turn = passed;
        if (++arrived == expected) {
            arrived = 0;
            ++passed;
            progress = true;
        }
        while (passed == turn) { give_way(); }
    }
};

struct Warp {
    Barrier barrier;
    alignas(16) char exchanged[WARP * sizeof(float4)];
};

inline Barrier block;
inline std::vector<Warp> warps;

inline void thread_main() {
    kernel();
    threads[threadIdx.x].finished = progress = true;
}

inline void run_block(int size, size_t shared) {
    // Whatever reads shared memory that nobody wrote gets NaN.
    std::memset(smem_, 0xff, shared);
    block = Barrier{size};
    warps.assign(size / WARP, Warp{{WARP}});
    for (auto &thread : threads) {
        thread.finished = false;
        getcontext(&thread.context);
        thread.context.uc_stack.ss_sp = thread.stack.get();
        thread.context.uc_stack.ss_size = STACK;
        thread.context.uc_link = &scheduler;
        makecontext(&thread.context, thread_main, 0);
    }
    do {
        progress = false;
        for (threadIdx.x = 0; threadIdx.x < unsigned(size); ++threadIdx.x) {
            if (!threads[threadIdx.x].finished) { swapcontext(&scheduler, &threads[threadIdx.x].context); }
        }
    } while (progress);
    for (auto &thread : threads) { TORCH_CHECK(thread.finished, "a barrier that not all threads reach"); }
}

}  // namespace fibres

inline void __syncthreads() { fibres::block.wait(); }

// Stands for `kernel<<<grid, size, shared, stream>>>(params)`.
template <typename Params>
void launch(void (*kernel)(Params), dim3 grid, int size, size_t shared, const Params &params) {
    TORCH_CHECK(shared <= sizeof(smem_) && size % fibres::WARP == 0);
    fibres::kernel = [&] { kernel(params); };
    fibres::threads = std::vector<fibres::Fibre>(size);
    for (auto &thread : fibres::threads) { thread.stack.reset(new char[fibres::STACK]); }
    blockDim = {unsigned(size)};
    for (blockIdx.x = 0; blockIdx.x < grid.x; ++blockIdx.x) {
        for (blockIdx.y = 0; blockIdx.y < grid.y; ++blockIdx.y) { fibres::run_block(size, shared); }
    }
}

// Fibres never interrupt each other.
template <typename T>
void gpuAtomicAdd(T *sum, T value) { *sum += value; }

// ---- CUB ----
// A thread's items are neighbours: thread t holds those from t * ITEMS on. Kernels lay out shared memory by the
// sizes of `TempStorage`.

namespace cub {

enum { BLOCK_LOAD_DIRECT, BLOCK_LOAD_WARP_TRANSPOSE };
enum { BLOCK_STORE_DIRECT, BLOCK_STORE_WARP_TRANSPOSE };
enum { BLOCK_SCAN_RAKING, BLOCK_SCAN_WARP_SCANS };

template <typename T, int THREADS, int ITEMS = 1>
struct Collective {
    struct TempStorage { alignas(16) T items[THREADS * ITEMS]; };
    TempStorage &shared;
    explicit Collective(TempStorage &shared) : shared(shared) {}
};

template <typename T, int THREADS, int ITEMS, int ALGORITHM>
struct BlockLoad : Collective<T, THREADS, ITEMS> {
    using Collective<T, THREADS, ITEMS>::Collective;

    void Load(const T *from, T (&items)[ITEMS]) { std::copy_n(from + threadIdx.x * ITEMS, ITEMS, items); }

    template <typename Default>
    void Load(const T *from, T (&items)[ITEMS], int valid, Default otherwise) {
        for (int i = 0; i < ITEMS; ++i) {
            const int at = threadIdx.x * ITEMS + i;
            items[i] = at < valid ? from[at] : T(otherwise);
        }
    }
};

template <typename T, int THREADS, int ITEMS, int ALGORITHM>
struct BlockStore : Collective<T, THREADS, ITEMS> {
    using Collective<T, THREADS, ITEMS>::Collective;

    void Store(T *to, const T (&items)[ITEMS]) { Store(to, items, THREADS * ITEMS); }

    void Store(T *to, const T (&items)[ITEMS], int valid) {
        for (int i = 0; i < ITEMS; ++i) {
            const int at = threadIdx.x * ITEMS + i;
            if (at < valid) { to[at] = items[i]; }
        }
    }
};

template <typename T, int THREADS, int ITEMS>
struct BlockExchange : Collective<T, THREADS, ITEMS> {
    using Collective<T, THREADS, ITEMS>::Collective;

    void BlockedToStriped(const T (&in)[ITEMS], T (&out)[ITEMS]) {
        std::copy_n(in, ITEMS, this->shared.items + threadIdx.x * ITEMS);
        __syncthreads();
        for (int i = 0; i < ITEMS; ++i) { out[i] = this->shared.items[i * THREADS + threadIdx.x]; }
        __syncthreads();
    }
};

template <typename T, int THREADS>
struct BlockReduce : Collective<T, THREADS> {
    using Collective<T, THREADS>::Collective;

    T Sum(T value) {
        this->shared.items[threadIdx.x] = value;
        __syncthreads();
        T sum = this->shared.items[0];
        for (int t = 1; t < THREADS; ++t) { sum = sum + this->shared.items[t]; }
        __syncthreads();
        return sum;
    }
};

// One more item than threads: what goes before the block's first.
template <typename T, int THREADS, int ALGORITHM>
struct BlockScan : Collective<T, THREADS + 1> {
    using Collective<T, THREADS + 1>::Collective;

    template <int ITEMS, typename Op, typename Prefix>
    void InclusiveScan(const T (&in)[ITEMS], T (&out)[ITEMS], Op op, Prefix &prefix) {
        T *before = this->shared.items, *totals = before + 1;
        T total = in[0];
        for (int i = 1; i < ITEMS; ++i) { total = op(total, in[i]); }
        totals[threadIdx.x] = total;
        __syncthreads();
        if (threadIdx.x == 0) {
            T all = totals[0];
            for (int t = 1; t < THREADS; ++t) { all = op(all, totals[t]); }
            *before = prefix(all);
        }
        __syncthreads();
        T running = *before;
        for (unsigned t = 0; t < threadIdx.x; ++t) { running = op(running, totals[t]); }
        for (int i = 0; i < ITEMS; ++i) { out[i] = running = op(running, in[i]); }
        __syncthreads();
    }
};

// ---- what mamba-ssm's own reverse scan is made of ----

#define CUB_WARP_THREADS(unused) 32

template <int N>
struct Log2 { static constexpr int VALUE = N <= 1 ? 0 : 1 + Log2<(N > 1 ? N / 2 : 1)>::VALUE; };
template <>
struct Log2<1> { static constexpr int VALUE = 0; };

template <typename T>
struct Uninitialized {
    alignas(16) char bytes[sizeof(T)];
    T &Alias() { return reinterpret_cast<T &>(*this); }
};

// The first warp's lanes each walk over a segment of what the block's threads laid down.
template <typename T, int THREADS>
struct BlockRakingLayout {
    static constexpr int RAKING_THREADS = std::min(THREADS, fibres::WARP);
    static constexpr int SEGMENT_LENGTH = THREADS / RAKING_THREADS;
    static constexpr bool UNGUARDED = THREADS % RAKING_THREADS == 0;

    struct TempStorage { T items[THREADS]; };
    static T *PlacementPtr(TempStorage &grid, int thread) { return grid.items + thread; }
    static T *RakingPtr(TempStorage &grid, int thread) { return grid.items + thread * SEGMENT_LENGTH; }
};

inline int RowMajorTid(int, int, int) { return threadIdx.x; }

template <int LANES>
unsigned WarpMask(unsigned) { return ~0u; }

template <int LANES, typename T>
T ShuffleIndex(T value, int from, unsigned) {
    static_assert(LANES == fibres::WARP && sizeof(T) <= sizeof(float4));
    fibres::Warp &warp = fibres::warps[threadIdx.x / LANES];
    T *exchanged = reinterpret_cast<T *>(warp.exchanged);
    exchanged[threadIdx.x % LANES] = value;
    warp.barrier.wait();
    const T received = exchanged[from];
    warp.barrier.wait();
    return received;
}

// A lane that would ask beyond `last` keeps its own.
template <int LANES, typename T>
T ShuffleDown(T value, int distance, int last, unsigned mask) {
    const int lane = threadIdx.x % LANES;
    return ShuffleIndex<LANES>(value, lane + distance <= last ? lane + distance : lane, mask);
}

}  // namespace cub

// ---- torch's view of a device ----

using cudaStream_t = int;
enum { cudaFuncAttributeMaxDynamicSharedMemorySize };
template <typename Kernel>
int cudaFuncSetAttribute(Kernel, int, int) { return 0; }
#define C10_CUDA_CHECK(call) call
#define C10_CUDA_KERNEL_LAUNCH_CHECK()

namespace at::cuda {
struct CUDAGuard { explicit CUDAGuard(at::Device) {} };
struct Stream { cudaStream_t stream() { return 0; } };
inline Stream getCurrentCUDAStream() { return {}; }
}  // namespace at::cuda

// Tensors are where the kernels run.
#define is_cuda is_cpu
