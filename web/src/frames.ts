// How each triangle has turned, grown and moved since the rest pose: what the splats on it follow.
// The frame of a triangle (Qian et al. 2023, GaussianAvatars, arXiv 2312.02069): x along the first edge, z along the
// normal; its scale is the mean of the first edge's length and the height over it.

/** Numbers of a triangle in `TriangleFrames.data`: four texels of four. */
export const NUMBERS = 16;
const MIN_SCALE_M = 1e-7;

/** x, y and z axis, then the scale, of the triangle at rows a, b, c of `points` (metres), into `out` [10]. */
export function frameOf(points: Float32Array, a: number, b: number, c: number, out: Float64Array): void {
  const ax = points[a]!, ay = points[a + 1]!, az = points[a + 2]!;
  let ex = points[b]! - ax, ey = points[b + 1]! - ay, ez = points[b + 2]! - az;
  const fx = points[c]! - ax, fy = points[c + 1]! - ay, fz = points[c + 2]! - az;
  let nx = ey * fz - ez * fy, ny = ez * fx - ex * fz, nz = ex * fy - ey * fx;
  const length = Math.hypot(ex, ey, ez), area = Math.hypot(nx, ny, nz);
  if (length > 1e-12) {
    ex /= length; ey /= length; ez /= length;
  } else {
    ex = 1; ey = 0; ez = 0;
  }
  if (area <= 1e-9 * Math.max(length, MIN_SCALE_M) ** 2) {
    // a collapsed triangle keeps a frame: any normal to what is left of its first edge
    [nx, ny, nz] = Math.abs(ex) < 0.6 ? [0, ez, -ey] : [-ez, 0, ex];
  }
  const norm = Math.hypot(nx, ny, nz);
  nx /= norm; ny /= norm; nz /= norm;
  out[0] = ex; out[1] = ey; out[2] = ez;
  out[3] = ny * ez - nz * ey; out[4] = nz * ex - nx * ez; out[5] = nx * ey - ny * ex;
  out[6] = nx; out[7] = ny; out[8] = nz;
  out[9] = Math.max((length + area / Math.max(length, 1e-12)) / 2, MIN_SCALE_M);
}

/** The matrix `m` [9], row by row, as a unit quaternion x, y, z, w at `at` of `out` (Shepperd's method). */
export function quaternionOf(m: Float64Array, out: Float32Array, at: number): void {
  const trace = m[0]! + m[4]! + m[8]!;
  let x: number, y: number, z: number, w: number;
  if (trace > 0) {
    w = 1 + trace; x = m[7]! - m[5]!; y = m[2]! - m[6]!; z = m[3]! - m[1]!;
  } else if (m[0]! > m[4]! && m[0]! > m[8]!) {
    x = 1 + m[0]! - m[4]! - m[8]!; y = m[1]! + m[3]!; z = m[2]! + m[6]!; w = m[7]! - m[5]!;
  } else if (m[4]! > m[8]!) {
    y = 1 - m[0]! + m[4]! - m[8]!; x = m[1]! + m[3]!; z = m[5]! + m[7]!; w = m[2]! - m[6]!;
  } else {
    z = 1 - m[0]! - m[4]! + m[8]!; x = m[2]! + m[6]!; y = m[5]! + m[7]!; w = m[3]! - m[1]!;
  }
  const norm = Math.hypot(x, y, z, w);
  out[at] = x / norm; out[at + 1] = y / norm; out[at + 2] = z / norm; out[at + 3] = w / norm;
}

/** For triangles with `corners` [U, 3], rows of points: each one's way from the rest pose to another. */
export class TriangleFrames {
  /** [U, 16]: quaternion; T0 and the change of size; T1 - T0, 0; T2 - T0, 0. A splat at `mean` moves to
   *  size * turn(mean) + T0 + v (T1 - T0) + w (T2 - T0), with its barycentric v, w and Tk = corner k now minus
   *  size * turn(corner k at rest). */
  readonly data: Float32Array;
  private readonly restFrames: Float64Array;
  private readonly offsets: Uint32Array;

  constructor(corners: ArrayLike<number>, private readonly rest: Float32Array, capacity: number) {
    this.data = new Float32Array(capacity * NUMBERS);
    this.offsets = Uint32Array.from(corners, (row) => 3 * row);
    this.restFrames = new Float64Array((this.offsets.length / 3) * 10);
    for (let t = 0; t < this.offsets.length / 3; t++) {
      const [a, b, c] = this.offsets.subarray(3 * t, 3 * t + 3);
      frameOf(rest, a!, b!, c!, this.restFrames.subarray(10 * t, 10 * t + 10));
    }
  }

  /** Fills `data` for the points as they stand now. */
  update(points: Float32Array): void {
    const { data, offsets, rest, restFrames } = this;
    const now = new Float64Array(10), turn = new Float64Array(9);
    for (let t = 0; 3 * t < offsets.length; t++) {
      const first = offsets[3 * t]!, at = NUMBERS * t, r = 10 * t;
      frameOf(points, first, offsets[3 * t + 1]!, offsets[3 * t + 2]!, now);
      for (let i = 0; i < 3; i++) {
        for (let j = 0; j < 3; j++) {
          turn[3 * i + j] =
            now[i]! * restFrames[r + j]! + now[3 + i]! * restFrames[r + 3 + j]! + now[6 + i]! * restFrames[r + 6 + j]!;
        }
      }
      quaternionOf(turn, data, at);
      const size = now[9]! / restFrames[r + 9]!;
      data[at + 7] = size;
      for (let k = 0; k < 3; k++) {
        const o = offsets[3 * t + k]!, into = at + 4 + 4 * k;
        const x = rest[o]!, y = rest[o + 1]!, z = rest[o + 2]!;
        for (let i = 0; i < 3; i++) {
          const moved = size * (turn[3 * i]! * x + turn[3 * i + 1]! * y + turn[3 * i + 2]! * z);
          data[into + i] = points[o + i]! - moved - (k ? data[at + 4 + i]! : 0);
        }
      }
    }
  }
}
