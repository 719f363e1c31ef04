"""Measures over `basis`: its z-score, and futures that part from their index."""

from dataclasses import dataclass

from schemas.alerts import AlertSide
from schemas.basis import Basis
from services.analytics.core import figures
from services.analytics.core.memory import Memory
from services.analytics.core.rules import Numbers, Text


@dataclass(frozen=True, slots=True)
class BasisZScore:
    """The z-score of the basis."""

    types: tuple[type[Basis], ...] = (Basis,)
    remembers: None = None

    def value(self, message: Basis, memory: Memory | None) -> float | None:
        del memory
        return message.z_score

    def numbers(self, message: Basis, value: float, memory: Memory) -> Numbers:
        del memory
        return {"z_score": round(value, 4), "basis": round(message.basis or 0.0, 4)}

    def text(self, message: Basis, side: AlertSide, numbers: Numbers) -> Text:
        del message, side
        basis = figures.number(numbers["basis"], 2, sign=True)
        score = figures.number(numbers["z_score"], 1, sign=True)
        return (
            f"Basis {basis[0]} điểm, lệch {score[0]} độ lệch chuẩn",
            f"Basis {basis[1]} points, {score[1]} standard deviations off",
        )


@dataclass(frozen=True, slots=True)
class Divergence:
    """Change of the future less that of the spot over five minutes, in % points."""

    types: tuple[type[Basis], ...] = (Basis,)
    remembers: None = None

    def value(self, message: Basis, memory: Memory | None) -> float | None:
        del memory
        return message.divergence

    def numbers(self, message: Basis, value: float, memory: Memory) -> Numbers:
        del memory
        future, spot = message.future_change_5m or 0.0, message.spot_change_5m or 0.0
        return {"divergence": round(value, 4), "future_change": future, "spot_change": spot}

    def text(self, message: Basis, side: AlertSide, numbers: Numbers) -> Text:
        del message
        gap = figures.number(abs(numbers["divergence"]), 2)
        future = figures.number(numbers["future_change"], 1, sign=True)
        spot = figures.number(numbers["spot_change"], 1, sign=True)
        vi, en = ("mạnh", "stronger") if side == "up" else ("yếu", "weaker")
        return (
            f"Phái sinh {vi} hơn cơ sở {gap[0]} điểm % trong 5 phút "
            f"({future[0]} so với {spot[0]} điểm)",
            f"The future is {en} than the index by {gap[1]} % points in 5 minutes "
            f"({future[1]} against {spot[1]} points)",
        )
