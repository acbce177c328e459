"""What is measured about an avatar: likeness of pictures and of faces."""

from __future__ import annotations

from headsmith.metrics.images import psnr, ssim

__all__ = ["psnr", "ssim"]
