"""The head is measured, nodes are put where things belong, and the accessories that were asked for are hung there."""

from __future__ import annotations

from dataclasses import replace

from headsmith.accessories import Anchors, anchors
from headsmith.asset.avatar import Avatar
from headsmith.errors import InputError
from headsmith_exporters.accessory_choice import Made, chosen_accessory
from headsmith_exporters.accessory_file import given_accessory
from headsmith_exporters.accessory_made import made_accessory
from headsmith_exporters.glb_options import GlbOptions
from headsmith_exporters.gltf_attach import add_hooks, add_worn
from headsmith_exporters.gltf_document import Document
from headsmith_exporters.mesh_lods import coarser
from headsmith_exporters.worn import Worn


def add_hangings(document: Document, avatar: Avatar, options: GlbOptions, detail: float) -> None:
    """Attach nodes under the head's joint, and accessories on them with the share `detail` 0..1 of their triangles.

    A head that cannot be measured has no attach nodes; accessories on it raise InputError, as bad ones do.
    """
    if not options.accessories and not options.attach_nodes:
        return
    try:
        head = anchors(avatar)
    except InputError:
        if options.accessories:
            raise
        return
    hooks = add_hooks(document, avatar.rig, head)
    taken = {node["name"] for node in document.objects["nodes"]}
    for worn in worn_on(head, options.accessories):
        named = _named_apart(worn, taken)
        add_worn(
            hooks,
            coarser(named, detail) if detail < 1 else named,
            compressed=options.profile == "web",
            extended=options.extended(),
        )


def worn_on(head: Anchors, accessories: tuple[str, ...]) -> tuple[Worn, ...]:
    """What was asked for, in that order. Raises InputError for what cannot be worn."""
    found: list[Worn] = []
    for chosen in map(chosen_accessory, accessories):
        found += made_accessory(head, chosen) if isinstance(chosen, Made) else [given_accessory(head, chosen)]
    return tuple(found)


def _named_apart(worn: Worn, taken: set[str]) -> Worn:
    """The thing with a name that no node has yet."""
    names = (worn.name, *(f"{worn.name}_{count}" for count in range(2, len(taken) + 3)))
    name = next(name for name in names if name not in taken)
    taken.add(name)
    return replace(worn, name=name)
