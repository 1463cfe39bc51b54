"""Frame against frame, as DisCo's evaluator of April 2024 computes it.

Source: Wangt-CN/DisCo, tool/metrics/ssim_l1_lpips_psnr.py at commit c4fa48a; `psnr_overflow` at 8538889.
"""

from __future__ import annotations

import cv2
import numpy as np

from animatex.video.frames import Size

PSNR_OF_EQUAL_FRAMES = 100.0
SSIM_WINDOW = 7

# Rec. 601 luma in fixed point with 15 fractional bits, as OpenCV rounds it.
_GREY, _GREY_BITS = (9798, 19235, 3735), 15
_K1, _K2 = 0.01, 0.03


def psnr(generated: np.ndarray, target: np.ndarray) -> float:
    """Compute PSNR*, the peak signal-to-noise ratio of one frame.

    Args:
        generated: uint8 [H, W, 3].
        target: uint8 [H, W, 3].

    Returns:
        dB; 100 for equal frames.
    """
    difference = cv2.absdiff(generated, target).astype(np.float64)
    return _decibels(float(np.mean(difference * difference)))


def psnr_overflow(generated: np.ndarray, target: np.ndarray) -> float:
    """Compute what tables call PSNR without a star: differences and squares wrap around at 256.

    It stays near 28 dB for any bad pair; only good for comparison with tables that have it.

    Args:
        generated: uint8 [H, W, 3].
        target: uint8 [H, W, 3].
    """
    difference = generated - target
    return _decibels(float(np.mean(difference * difference, dtype=np.float64)))


def mae_255(generated: np.ndarray, target: np.ndarray) -> float:
    """Compute the mean absolute error of one frame, 0..255.

    Args:
        generated: uint8 [H, W, 3].
        target: uint8 [H, W, 3].
    """
    return float(np.asarray(cv2.absdiff(generated, target)).mean(dtype=np.float64))


def l1_disco(generated: np.ndarray, target: np.ndarray) -> float:
    """Compute the published L1: the mean absolute error, divided once more by the number of pixels.

    The same error is six times smaller at 512x768 than at 256x256: it means nothing without the size.

    Args:
        generated: uint8 [H, W, 3].
        target: uint8 [H, W, 3].
    """
    height, width = target.shape[:2]
    return float(mae_255(generated, target) / (height * width))


def ssim_disco(generated: np.ndarray, target: np.ndarray) -> float:
    """Compute structural similarity on greys: uniform 7x7 window, sample covariance, borders left out.

    Equal to scikit-image's defaults on OpenCV's greys; not the Gaussian window of Wang et al. 2004.

    Args:
        generated: uint8 [H, W, 3], both sides at least 7.
        target: uint8 [H, W, 3].

    Returns:
        -1 to 1; 1 for equal frames.
    """
    a, b = (grey(frame).astype(np.float64) for frame in (generated, target))
    mean_a, mean_b = _window_mean(a), _window_mean(b)
    sample = SSIM_WINDOW**2 / (SSIM_WINDOW**2 - 1)
    var_a = sample * (_window_mean(a * a) - mean_a * mean_a)
    var_b = sample * (_window_mean(b * b) - mean_b * mean_b)
    covariance = sample * (_window_mean(a * b) - mean_a * mean_b)
    c1, c2 = (_K1 * 255) ** 2, (_K2 * 255) ** 2
    top = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    return float(np.mean(top / ((mean_a * mean_a + mean_b * mean_b + c1) * (var_a + var_b + c2))))


def grey(frame: np.ndarray) -> np.ndarray:
    """Turn RGB to grey to the bit as OpenCV does: uint8 [H, W, 3] to uint8 [H, W]."""
    red, green, blue = (frame[..., channel].astype(np.uint32) for channel in range(3))
    weighted = _GREY[0] * red + _GREY[1] * green + _GREY[2] * blue
    return ((weighted + (1 << (_GREY_BITS - 1))) >> _GREY_BITS).astype(np.uint8)


def match_size(frame: np.ndarray, size: Size) -> np.ndarray:
    """Bring a frame to the size at which it is compared, as the evaluator does: bilinear, no antialiasing.

    Args:
        frame: uint8 [H, W, 3].
        size: Wanted height and width.
    """
    if frame.shape[:2] == size:
        return frame
    return cv2.resize(frame, (size.width, size.height), interpolation=cv2.INTER_LINEAR)


def _decibels(mean_square: float) -> float:
    if mean_square == 0:
        return PSNR_OF_EQUAL_FRAMES
    return float(20 * np.log10(255 / np.sqrt(mean_square)))


def _window_mean(plane: np.ndarray) -> np.ndarray:
    """Average float64 [H, W] over windows that lie wholly inside: [H-6, W-6]."""
    inside = SSIM_WINDOW // 2
    return cv2.boxFilter(plane, cv2.CV_64F, (SSIM_WINDOW, SSIM_WINDOW))[inside:-inside, inside:-inside]
