// What the page's program may use of three.js and Spark, as one file that changes only with their versions.
export {
  Bone,
  Box3,
  Color,
  DataTexture,
  Euler,
  FloatType,
  Group,
  LinearFilter,
  Matrix4,
  MathUtils,
  Matrix3,
  Mesh,
  MeshBasicMaterial,
  MeshLambertMaterial,
  NearestFilter,
  Object3D,
  PerspectiveCamera,
  Quaternion,
  Raycaster,
  RGBAFormat,
  RGIntegerFormat,
  Scene,
  SkinnedMesh,
  SRGBColorSpace,
  Spherical,
  Texture,
  UnsignedIntType,
  Vector2,
  Vector3,
  Vector4,
  WebGLRenderTarget,
  WebGLRenderer,
} from "three";
export { OrbitControls } from "three/addons/controls/OrbitControls.js";
export { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
export { MeshoptDecoder } from "three/addons/libs/meshopt_decoder.module.js";
export { SparkRenderer, SplatFileType, SplatMesh, dyno } from "@sparkjsdev/spark";
