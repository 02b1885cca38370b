"""The kernels' shared persistence models: the tables, and the session that every write to them goes through."""

from kernels.models.database import async_session
from kernels.models.tables import Approval, Base

__all__ = ["Approval", "Base", "async_session"]
