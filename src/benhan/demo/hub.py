"""The hub of the demonstration: its registry, and the hospitals that run here as its members.

The registry key stands beside the data of the demonstration; in life it is kept apart from the hub.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benhan.hub.members.members import Members
from benhan.hub.members.registry import make_registry
from benhan.kernel.actors import system
from benhan.kernel.ids import SystemRandom
from benhan.kernel.settings import Settings
from benhan.network.configuration import REGISTRY, Environment, Kind, Member
from benhan.network.keys import read_private_key_file
from benhan.network.messages import Signer
from benhan.node.exchange.party import public_keys
from benhan.store.opening import open_store
from benhan.synth.facilities import Facility
from benhan.wiring import anchor_of

ACTOR = system("demo")
REGISTRY_FILE = "registry.jwk"


def registry_of(folder: Path) -> Path:
    """The file of the anchor; the registry key stands beside it, made once."""
    folder.mkdir(parents=True, exist_ok=True)
    key_file, anchor = folder / REGISTRY_FILE, folder / "anchor.jwk"
    if not key_file.exists():
        make_registry(key_file, anchor, SystemRandom())
    return anchor


async def fill_hub(settings: Settings, nodes: Sequence[tuple[Settings, Facility]]) -> None:
    """Make the hub and the hospitals members, and publish the configuration anew."""
    key_file = Path(settings.hub_anchor).with_name(REGISTRY_FILE)
    registry = Signer(REGISTRY, read_private_key_file(key_file), SystemRandom())
    async with open_store(settings, "hub") as store:
        members = Members(store, settings.hub_code, anchor_of(settings))
        known = {each.member.code for each in await members.rows.every()}
        if members.code not in known:
            await members.add(Member(members.code, settings.facility_name, Kind.HUB, Environment.LIVE), {}, ACTOR)
            await members.add_key(members.code, members.signer.key.public.jwk, ACTOR)
        for node, hospital in nodes:
            if hospital.code in known:
                continue
            member = Member(
                hospital.code,
                hospital.name,
                Kind.FACILITY,
                Environment.LIVE,
                province=hospital.province.code,
                capabilities=("ask", "hold", "push"),
                attests=("paper",),
            )
            await members.add(member, {}, ACTOR)
            async with open_store(node, "node") as own:
                for key in public_keys(own, node.hub_key_generation):
                    await members.add_key(hospital.code, key, ACTOR)
        await members.publish(registry, ACTOR)
