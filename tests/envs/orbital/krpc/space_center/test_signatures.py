"""Every procedure of SpaceCenter is one of the clients', with its parameters, types and result."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from helmsight.envs.orbital.krpc import names
from helmsight.envs.orbital.krpc.host import Host
from helmsight.envs.orbital.krpc.registry import in_version
from helmsight.envs.orbital.krpc.simulation import Simulation
from helmsight.envs.orbital.krpc.space_center import service

sys.path.insert(0, str(Path(__file__).parent))
import stubs

pytestmark = pytest.mark.slow  # two clients, a thousand procedures

OLD_CLIENT = Path(sys.prefix) / "clients" / "krpc-0.5.4"
# There in every version, so that scripts for either run; see envs/orbital/krpc/space_center.
EVERYWHERE = {"0.5.4": {"AutoPilot_get_Engaged", "AutoPilot_set_Engaged"}}
EVERYWHERE["0.7.0"] = {"AutoPilot_Engage", "AutoPilot_Disengage"}
# What KSPDG and its agents call: facts of its public code.
KSPDG = (
    "Load", "get_Vessels", "set_ActiveVessel", "set_TargetVessel", "get_Bodies",
    "TransformDirection", "CelestialBody_get_NonRotatingReferenceFrame", "CelestialBody_Position",
    "Vessel_get_Orbit", "Vessel_get_Control", "Vessel_get_AutoPilot", "Vessel_get_Resources",
    "Vessel_get_Parts", "Vessel_get_ReferenceFrame", "Vessel_get_OrbitalReferenceFrame",
    "Vessel_get_MET", "Vessel_get_Mass", "Vessel_Position", "Vessel_Velocity", "Orbit_get_Body",
    "Resources_Amount", "Control_set_Forward", "Control_set_Right", "Control_set_Up",
    "Control_set_Pitch", "Control_set_Yaw", "Control_set_Roll", "Control_set_Throttle",
    "Control_set_SAS", "Control_set_RCS", "Control_get_SASMode", "Control_set_SASMode",
    "AutoPilot_set_ReferenceFrame", "AutoPilot_set_TargetPitch", "AutoPilot_set_TargetHeading",
    "AutoPilot_set_TargetRoll", "AutoPilot_set_TargetDirection", "AutoPilot_get_Error",
    "AutoPilot_Engage", "AutoPilot_Disengage", "Parts_get_Engines", "Engine_set_Active",
    "Vessel_Flight", "Flight_get_Speed", "get_ActiveVessel",
    "CelestialBody_get_OrbitalReferenceFrame", "Vessel_get_SurfaceReferenceFrame",
    "Vessel_get_SurfaceVelocityReferenceFrame", "TransformVelocity", "TransformPosition",
)  # fmt: skip


def stub_file(version: str) -> Path:
    if version == "0.5.4":
        if not OLD_CLIENT.is_dir():
            pytest.skip(f"krpc 0.5.4 is not in {OLD_CLIENT} (make install puts it there)")
        return OLD_CLIENT / "krpc" / "services" / "spacecenter.py"
    spec = importlib.util.find_spec("krpc.services.spacecenter")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin)


@pytest.fixture(scope="module", params=["0.5.4", "0.7.0"])
def declared(request):
    """Return (version, our procedures, the client's signatures)."""
    host = Host(Simulation(), [service], request.param)
    ours = {name: procedure for (_, name), procedure in host.procedures.items()}
    return request.param, ours, stubs.read(stub_file(request.param))


def test_every_procedure_exists_in_the_stubs_of_its_version(declared):
    version, ours, theirs = declared
    assert set(ours) - set(theirs) == EVERYWHERE[version]


def test_parameters_have_the_names_and_types_of_the_stubs(declared):
    version, ours, theirs = declared
    modern = version == "0.7.0"
    wrong = []
    for name in set(ours) & set(theirs):
        own = [
            (parameter.name, stubs.told(parameter.kind, structures=modern))
            for parameter in ours[name].parameters
        ]
        wanted = [(parameter, kind) for parameter, kind, _ in theirs[name].parameters]
        if own[: len(wanted)] != wanted:
            wrong.append((name, own, wanted))
    assert wrong == []


def test_parameters_that_the_stubs_leave_out_or_default_have_defaults(declared):
    _, ours, theirs = declared
    for name in set(ours) & set(theirs):
        wanted = theirs[name].parameters
        for n, parameter in enumerate(ours[name].parameters):
            if n >= len(wanted) or wanted[n][2]:
                assert parameter.default is not type(parameter).default, (name, parameter.name)


def test_results_have_the_types_of_the_stubs(declared):
    version, ours, theirs = declared
    modern = version == "0.7.0"
    wrong = [
        (name, stubs.told(ours[name].result, structures=modern), theirs[name].result)
        for name in set(ours) & set(theirs)
        if stubs.told(ours[name].result, structures=modern) != theirs[name].result
    ]
    assert wrong == []


def test_enumerations_have_the_values_of_the_stubs(declared):
    version = declared[0]
    theirs = stubs.enumerations(stub_file(version))
    ours = {
        name: cls
        for name, cls in service.types.items()
        if hasattr(cls, "__members__") and in_version(cls, names.version(version))
    }
    assert ours
    for name, cls in ours.items():
        assert {int(member) for member in cls} == theirs[name], name


def test_all_that_kspdg_and_its_agents_call_is_there(declared):
    assert set(KSPDG) <= set(declared[1])
