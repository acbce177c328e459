tool
# Gives access to the editor's own importers.
extends EditorSceneImporter


func load_scene(path, frames_per_second):
	var flags = IMPORT_ANIMATION | IMPORT_USE_COMPRESSION | IMPORT_GENERATE_TANGENT_ARRAYS
	return import_scene_from_other_importer(path, flags, frames_per_second)
