"""A run as OpenTelemetry spans: in a file, and at a collector."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from helmsight.contract.record import RunSpec, StepRecord

pytest.importorskip("opentelemetry.sdk", reason="opentelemetry is not installed: helmsight[spans]")

CALL = {
    "model": "some-model", "tokens_in": 700, "tokens_out": 30, "finish": "stop",
    "messages": [{"role": "user", "text": "a secret of the prompt"}],
}  # fmt: skip


def step(index: int) -> StepRecord:
    return StepRecord(
        index=index, stamp=0.5 * index, sense_ms=1.0, think_ms=40.0, act_ms=8.0, prompt_hash="",
        raw="the answer", wanted=None, applied={}, repairs={}, clamped=["cut"], late=True,
        relations=[], measures={"range": 900.0, "place": [1.0, 2.0, 3.0]}, lag=0.25, calls=[CALL],
        people=[{"by": "ann", "did": "approved"}],
    )  # fmt: skip


def told(to: Path | str, reason: str = "captured") -> None:
    from helmsight.tools.sinks.beside import Beside
    from helmsight.tools.sinks.spans import Spans

    sink = Beside(Spans(to), "--spans")
    sink.start(RunSpec("helmsight/PE1-E1-I2-v0", "naive", seed=3))
    for index in range(2):
        sink.step(step(index), None)
    sink.finish(reason, {"score": 4.5})


def test_a_run_holds_its_decisions_and_these_their_parts(tmp_path: Path):
    told(tmp_path / "spans.jsonl")
    text = (tmp_path / "spans.jsonl").read_text(encoding="utf-8")
    spans = [json.loads(line) for line in text.splitlines()]
    names = {span["context"]["span_id"]: span["name"] for span in spans}
    within = [(span["name"], names.get(span["parent_id"])) for span in spans]
    parts = [("step", "run"), ("sense", "step"), ("think", "step"), ("chat", "think"),
             ("act", "step")]  # fmt: skip
    assert within == [*parts, *parts, ("run", None)]
    assert len({span["context"]["trace_id"] for span in spans}) == 1
    first, run = spans[0]["attributes"], spans[-1]["attributes"]
    assert first["helmsight.measure.range"] == 900.0
    assert "helmsight.measure.place" not in first
    assert (first["helmsight.late"], first["helmsight.people"]) == (True, ["approved"])
    assert (run["helmsight.seed"], run["helmsight.reason"], run["helmsight.score"]) == (
        3, "captured", 4.5,
    )  # fmt: skip
    asked = spans[3]["attributes"]
    assert asked["gen_ai.request.model"] == "some-model"
    assert asked["gen_ai.usage.input_tokens"] == 700
    assert "secret" not in text
    assert "the answer" not in text


def test_the_parts_of_a_decision_follow_each_other(tmp_path: Path):
    told(tmp_path / "spans.jsonl")
    lines = (tmp_path / "spans.jsonl").read_text(encoding="utf-8").splitlines()
    step_, sense, think, _, act = map(json.loads, lines[:5])
    assert sense["start_time"] == step_["start_time"]
    assert (sense["end_time"], think["end_time"]) == (think["start_time"], act["start_time"])
    assert act["end_time"] == step_["end_time"]


def test_a_run_that_failed_is_a_span_that_failed(tmp_path: Path):
    told(tmp_path / "spans.jsonl", "error: it broke")
    lines = (tmp_path / "spans.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[-1])["status"]["status_code"] == "ERROR"


@pytest.mark.slow
def test_a_collector_is_sent_every_span():
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    bodies: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        told(f"http://127.0.0.1:{server.server_port}/v1/traces")
        server.shutdown()
    spans = [
        span.name
        for body in bodies
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    assert sorted(spans) == sorted(["run", *["step", "sense", "think", "chat", "act"] * 2])
