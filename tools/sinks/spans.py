"""A run as OpenTelemetry spans: one of the run, below it one of each decision and its parts."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helmsight.contract.ending import is_error
from helmsight.contract.record import Frame, RunSpec, StepRecord, plain

MS = 1_000_000  # ns


class Spans:
    """Sends spans to a collector by OTLP over HTTP, or writes them into a file, a line each.

    to: a path; or the collector's address, "" for that of OpenTelemetry's environment variables.

    `run` holds `step` spans; each holds `sense`, `think` and `act`, and below `think` a `chat` of
    every request to a model, with the names of OpenTelemetry's conventions for generative models
    (`gen_ai.request.model`, `gen_ai.usage.input_tokens`). A record does not keep when a request
    began: its span lasts as long as the thinking. No message and no answer is sent.
    """

    def __init__(self, to: Path | str) -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider

        self._to = to
        self._file: Any = None
        # a provider of its own: what else in this process is traced goes where it went
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": "helmsight"}), shutdown_on_exit=False
        )
        self._tracer = self._provider.get_tracer("helmsight")

    def start(self, spec: RunSpec) -> None:
        """Begin the span of the run; raises OSError where the file cannot be made."""
        from opentelemetry.trace import set_span_in_context

        self._provider.add_span_processor(self._processor())
        told = {
            "environment": spec.environment, "pilot": spec.pilot, "seed": spec.seed,
            "time": spec.time, "version": spec.versions.get("helmsight", ""),
        }  # fmt: skip
        self._run = self._tracer.start_span("run", attributes=_ours(told))
        self._context = set_span_in_context(self._run)

    def step(self, record: StepRecord, frame: Frame | None, ended: int) -> None:
        """Tell of one decision, whose parts came one after the other until `ended`."""
        parts = {name: round(getattr(record, f"{name}_ms") * MS) for name in PARTS}
        began = ended - sum(parts.values())
        told = {
            "index": record.index, "stamp_s": record.stamp, "lag_s": record.lag,
            "late": record.late, "marks": record.marks,
            "people": [str(deed.get("did", "")) for deed in record.people],
        }  # fmt: skip
        numbers = {f"measure.{name}": value for name, value in plain(record.measures).items()}
        step = self._span("step", self._context, began, ended, _ours(told | numbers))
        for name, took in parts.items():
            part = self._span(name, step, began, began + took, {})
            if name == "think":
                for call in record.calls:
                    self._span("chat", part, began, began + took, _asked(call))
            began += took

    def finish(self, reason: str, summary: dict[str, Any]) -> None:
        """End the span of the run, and send what is left."""
        from opentelemetry.trace import Status, StatusCode

        self._run.set_attributes(_ours({"reason": reason, "score": summary.get("score")}))
        if is_error(reason):
            self._run.set_status(Status(StatusCode.ERROR, reason))
        self._run.end(time.time_ns())
        self._provider.shutdown()
        if self._file is not None:
            self._file.close()

    def _span(self, name: str, within: Any, began: int, ended: int, told: dict[str, Any]) -> Any:
        """Tell of a span, and return the context of what lies within it."""
        from opentelemetry.trace import set_span_in_context

        span = self._tracer.start_span(name, within, attributes=told, start_time=began)
        span.end(ended)
        return set_span_in_context(span)

    def _processor(self) -> Any:
        from opentelemetry.sdk.trace.export import (
            BatchSpanProcessor,
            ConsoleSpanExporter,
            SimpleSpanProcessor,
        )

        if isinstance(self._to, Path):
            self._file = self._to.open("x", encoding="utf-8")
            return SimpleSpanProcessor(
                ConsoleSpanExporter(
                    out=self._file, formatter=lambda span: span.to_json(indent=None) + "\n"
                )
            )
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        return BatchSpanProcessor(OTLPSpanExporter(endpoint=self._to or None))


PARTS = ("sense", "think", "act")
TOKENS = {"tokens_in": "input_tokens", "tokens_out": "output_tokens"}


def _ours(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes under our name; what is no number, no text and no list of texts is not."""
    kept = {
        key: value for key, value in told.items() if isinstance(value, bool | int | float | str)
    }
    lists = {
        key: list(map(str, value)) for key, value in told.items() if key in ("marks", "people")
    }
    return {f"helmsight.{key}": value for key, value in (kept | lists).items()}


def _asked(call: Mapping[str, Any]) -> dict[str, Any]:
    """Return one request to a model as the conventions name its parts."""
    told: dict[str, Any] = {"gen_ai.operation.name": "chat"}
    told["gen_ai.request.model"] = str(call.get("model", ""))
    told |= {f"gen_ai.usage.{name}": call[key] for key, name in TOKENS.items() if key in call}
    if "finish" in call:
        told["gen_ai.response.finish_reasons"] = [str(call["finish"])]
    return told | ({"error.type": str(call["error"])[:200]} if "error" in call else {})
