"""The table of measures that a rule may name."""

from collections.abc import Mapping

from kernels.trigger_mesh.api import SchemaDrift
from kernels.trigger_mesh.code import CodeChanged, PredictedFailure, SyntaxBroken
from kernels.trigger_mesh.data import AuditSound, DatabasesSound, DataFiles, ModelMetric
from kernels.trigger_mesh.drift import ConfigDrift, SecretDrift
from kernels.trigger_mesh.failures import AgentStuck, HealerStuck, RepeatedErrors
from kernels.trigger_mesh.liveness import HeartbeatGap, LogSilence
from kernels.trigger_mesh.load import BusBacklog, BusDenials, CallLatency, LoopLag, QueueGrowth
from kernels.trigger_mesh.measure import Measure
from kernels.trigger_mesh.packages import Dependencies, MissingBinaries, Replaced
from kernels.trigger_mesh.pressure import Cpu, Disk, Memory, MemoryGrowth, OpenFiles, Stalls

MEASURES: Mapping[str, type[Measure]] = {
    kind.spec.name: kind
    for kind in (
        HeartbeatGap,
        LogSilence,
        QueueGrowth,
        BusBacklog,
        BusDenials,
        CallLatency,
        LoopLag,
        ConfigDrift,
        SecretDrift,
        Dependencies,
        Replaced,
        MissingBinaries,
        DataFiles,
        DatabasesSound,
        ModelMetric,
        AuditSound,
        Cpu,
        Memory,
        Disk,
        OpenFiles,
        Stalls,
        MemoryGrowth,
        CodeChanged,
        SyntaxBroken,
        RepeatedErrors,
        AgentStuck,
        HealerStuck,
        SchemaDrift,
        PredictedFailure,
    )
}
SPECS = {name: kind.spec for name, kind in MEASURES.items()}
