tool
# What Godot's importer makes of a GLB, with the flags of a default import; skinning is left to the caller, who gets
# each mesh's bones, weights and matrices. Paths come by the environment: READER_FILE, READER_REQUEST, READER_OUT.
extends EditorPlugin

const Importer = preload("importer.gd")
const FRAMES_PER_SECOND = 30


func _enter_tree():
	# the editor's importers are there only after its start
	call_deferred("answer")


func answer():
	var request = parse_json(read(OS.get_environment("READER_REQUEST")))
	var scene = Importer.new().load_scene(OS.get_environment("READER_FILE"), FRAMES_PER_SECOND)
	if scene is Node:
		add_child(scene)
		write(OS.get_environment("READER_OUT"), to_json(record(scene, request["times"])))
	# asked to quit, this version writes errors without end
	OS.kill(OS.get_process_id())


func read(path):
	var file = File.new()
	file.open(path, File.READ)
	return file.get_as_text()


func write(path, text):
	var file = File.new()
	file.open(path, File.WRITE)
	file.store_string(text)
	file.close()


func record(scene, times):
	var skeleton = of_class(scene, "Skeleton")[0]
	var meshes = []
	var rigid = []
	for mesh in of_class(scene, "MeshInstance"):
		if mesh.skin:
			meshes.append(mesh)
		else:
			rigid += in_scene(mesh, skeleton)
	var mesh_records = []
	var sizes = {}
	for mesh in meshes:
		mesh_records.append(mesh_record(mesh, skeleton))
		var texture = mesh.mesh.surface_get_material(0).albedo_texture
		sizes[texture] = [texture.get_width(), texture.get_height()]
	var joints = {}
	var places = places(scene, skeleton)
	for name in places:
		var origin = places[name].origin
		joints[name] = [origin.x, origin.y, origin.z]
	var animations = []
	for player in of_class(scene, "AnimationPlayer"):
		for name in player.get_animation_list():
			animations.append(animation_record(player, name, meshes, scene, times))
	return {"program": "Godot " + Engine.get_version_info()["string"], "meshes": mesh_records, "rigid": rigid,
		"joints": joints, "textures": sizes.values(), "animations": animations}


func of_class(node, kind):
	var found = [node] if node.is_class(kind) else []
	for child in node.get_children():
		found += of_class(child, kind)
	return found


func mesh_record(instance, skeleton):
	var mesh = instance.mesh
	var arrays = mesh.surface_get_arrays(0)
	var rest = arrays[Mesh.ARRAY_VERTEX]
	var targets = []
	var moves = PoolVector3Array()
	for k in mesh.get_blend_shape_count():
		targets.append(mesh.get_blend_shape_name(k))
		var moved = mesh.surface_get_blend_shape_arrays(0)[k][Mesh.ARRAY_VERTEX]
		if mesh.blend_shape_mode == Mesh.BLEND_SHAPE_MODE_NORMALIZED:
			for i in moved.size():
				moved[i] -= rest[i]
		moves.append_array(moved)
	return {
		"name": instance.name,
		"targets": targets,
		"positions": base64(rest),
		"displacements": base64(moves),
		"skin": {
			"joints": base64(PoolRealArray(Array(arrays[Mesh.ARRAY_BONES]))),
			"weights": base64(arrays[Mesh.ARRAY_WEIGHTS]),
			"matrices": base64(skin_matrices(instance, skeleton)),
		},
	}


func bone_matrix(skeleton, bone):
	return skeleton.global_transform * skeleton.get_bone_global_pose(bone)


# Bones and empty nodes, by name, to the scene.
func places(scene, skeleton):
	var out = {}
	for node in of_class(scene, "Spatial"):
		if node.get_class() == "Spatial":
			out[node.name] = place(node, skeleton)
	for bone in skeleton.get_bone_count():
		out[skeleton.get_bone_name(bone)] = bone_matrix(skeleton, bone)
	return out


# Asked of the skeleton, because what hangs on a bone follows it a frame later.
func place(node, skeleton):
	if node is BoneAttachment:
		return bone_matrix(skeleton, skeleton.find_bone(node.bone_name))
	var parent = node.get_parent()
	return place(parent, skeleton) * node.transform if parent is Spatial else node.global_transform


func in_scene(mesh, skeleton):
	var out = []
	var matrix = place(mesh, skeleton)
	for part in mesh.mesh.get_surface_count():
		var points = mesh.mesh.surface_get_arrays(part)[Mesh.ARRAY_VERTEX]
		for i in points.size():
			points[i] = matrix.xform(points[i])
		out.append(base64(points))
	return out


func skin_matrices(instance, skeleton):
	var out = PoolRealArray()
	for i in instance.skin.get_bind_count():
		var bone = instance.skin.get_bind_bone(i)
		if bone < 0:
			bone = skeleton.find_bone(instance.skin.get_bind_name(i))
		var place = instance.global_transform * skeleton.get_bone_global_pose(bone)
		out.append_array(columns(place * instance.skin.get_bind_pose(i)))
	return out


func columns(matrix):
	var out = PoolRealArray()
	for column in [matrix.basis.x, matrix.basis.y, matrix.basis.z]:
		out.append_array(PoolRealArray([column.x, column.y, column.z, 0]))
	out.append_array(PoolRealArray([matrix.origin.x, matrix.origin.y, matrix.origin.z, 1]))
	return out


func animation_record(player, name, meshes, scene, times):
	var skeleton = of_class(scene, "Skeleton")[0]
	var seen = {"weights": {}, "matrices": {}, "joints": {}}
	player.play(name)
	for time in times:
		player.seek(time, true)
		for mesh in meshes:
			var weights = PoolRealArray()
			for k in mesh.mesh.get_blend_shape_count():
				weights.append(mesh.get("blend_shapes/" + mesh.mesh.get_blend_shape_name(k)))
			add(seen["weights"], mesh.name, weights)
			add(seen["matrices"], mesh.name, skin_matrices(mesh, skeleton))
		var now = places(scene, skeleton)
		for name in now:
			add(seen["joints"], name, columns(now[name]))
	player.stop()
	var out = {"name": name, "seconds": player.get_animation(name).length}
	for kind in seen:
		out[kind] = {}
		for key in seen[kind]:
			out[kind][key] = base64(seen[kind][key])
	return out


func add(arrays, key, values):
	var array = arrays.get(key, PoolRealArray())
	array.append_array(values)
	arrays[key] = array


# Of an array of 32-bit reals or vectors: its bytes come after four of a type and four of a count.
func base64(array):
	return Marshalls.raw_to_base64(var2bytes(array).subarray(8, -1)) if array.size() else ""
