"""The numbers that define how splats become pixels: gsplat's, so that every renderer of a .ply agrees with ours.

Source: gsplat 1.5 (https://docs.gsplat.studio), which follows Kerbl et al. 2023 (arXiv 2308.04079).
"""

ALPHA_MIN = 1.0 / 255.0
"""a splat's alpha below this at a pixel is skipped there"""
ALPHA_MAX = 0.999
"""and above this is clamped, without gradient"""
TRANSMITTANCE_MIN = 1e-4
"""a pixel is finished before the splat that would bring its transmittance to this or lower"""
EPS2D_PX2 = 0.3
"""added to the variance of every projected splat, so that none falls between the pixels"""
NEAR_M = 0.01
"""splats nearer than this are not drawn"""
FAR_M = 1e10
"""nor those farther than this"""
FRUSTUM_MARGIN = 0.3
"""share of the half image by which a centre may lie outside before the projection's Jacobian is clamped"""
COLOR_MAX = 1e10
"""nor those of stronger colours, whose products could overflow"""
DEPTH_ALPHA_MIN = 1e-10
"""expected depth is divided by alpha, but by no less than this"""
TILE_PX = 16
"""side of the square tiles that an image is blended in"""
