// One parameter vector: what drives mesh, splats and dynamic texture alike.
import { Quaternion, Vector3 } from "three";

export class Pose {
  readonly weights: Float32Array;
  /** of each joint, relative to its parent */
  readonly turns: Quaternion[];
  /** of the whole head, metres */
  readonly translation = new Vector3();
  private readonly rows: Map<string, number>;

  constructor(readonly names: string[], readonly joints: string[]) {
    this.weights = new Float32Array(names.length);
    this.turns = joints.map(() => new Quaternion());
    this.rows = new Map(names.map((name, row) => [name, row]));
  }

  reset(): void {
    this.weights.fill(0);
    this.translation.set(0, 0, 0);
    for (const turn of this.turns) turn.identity();
  }

  /** Adds to a blendshape that the avatar has; others are passed over. */
  add(name: string, weight: number): void {
    const row = this.rows.get(name);
    if (row !== undefined) this.weights[row]! += weight;
  }

  /** Turns a joint that the avatar has, after what turned it so far. */
  turn(joint: string, turn: Quaternion): void {
    this.turns[this.joints.indexOf(joint)]?.multiply(turn);
  }

  /** Keeps each weight within its range, 0..1 where `ranges` names none. */
  clamp(ranges: Record<string, [number, number]>): void {
    this.names.forEach((name, row) => {
      const [least, most] = ranges[name] ?? [0, 1];
      this.weights[row] = Math.min(most, Math.max(least, this.weights[row]!));
    });
  }
}
