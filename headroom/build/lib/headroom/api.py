"""Operations of the HTTP API, generated from its OpenAPI description by `make client`. Do not edit."""

from __future__ import annotations

from typing import Any

from headroom.api_connection import ApiConnection, quote_part


class Api(ApiConnection):
    """All operations of a dashboard, such as `Api("http://localhost:8501").list_runs(q="head:gap")`."""

    def list_runs(self, *, q: str = "", limit: int = 100, offset: int = 0) -> dict[str, Any]:
        """Finished runs, newest first."""
        return self.send("GET", "/api/runs", query={"q": q, "limit": limit, "offset": offset})

    def import_runs(self, content: bytes) -> dict[str, Any]:
        """Import the bundle of runs from elsewhere. Needs the trainer role."""
        return self.send("POST", "/api/runs", body=content)

    def read_run(self, run_id: str) -> dict[str, Any]:
        """Details of one finished run."""
        return self.send("GET", f"/api/runs/{quote_part(run_id)}")

    def read_curves(self, run_id: str) -> dict[str, Any]:
        """Learning curves of a run."""
        return self.send("GET", f"/api/runs/{quote_part(run_id)}/curves")

    def list_predictions(
        self, run_id: str, *, split: str = "test", limit: int = 100, offset: int = 0
    ) -> dict[str, Any]:
        """Predictions of a run, image by image."""
        return self.send(
            "GET",
            f"/api/runs/{quote_part(run_id)}/predictions",
            query={"split": split, "limit": limit, "offset": offset},
        )

    def download_model(self, run_id: str) -> bytes:
        """The model of a run as a ZIP file: model files, model card, labels.json."""
        return self.send("GET", f"/api/runs/{quote_part(run_id)}/model")

    def list_files(self, run_id: str) -> dict[str, Any]:
        """The files of a run."""
        return self.send("GET", f"/api/runs/{quote_part(run_id)}/files")

    def download_file(self, run_id: str, name: str, *, range: str = "") -> bytes:
        """A file of a run, or a part of it."""
        return self.send("GET", f"/api/runs/{quote_part(run_id)}/files/{quote_part(name)}", headers={"Range": range})

    def compare_runs(self, *, runs: str, baseline: str = "") -> dict[str, Any]:
        """All results of a comparison."""
        return self.send("GET", "/api/compare", query={"runs": runs, "baseline": baseline})

    def list_recipes(self) -> dict[str, Any]:
        """All recipes."""
        return self.send("GET", "/api/recipes")

    def list_jobs(self, *, state: str = "", limit: int = 100, offset: int = 0) -> dict[str, Any]:
        """Jobs, newest first."""
        return self.send("GET", "/api/jobs", query={"state": state, "limit": limit, "offset": offset})

    def submit_training(
        self, *, recipe: str, heads: list[Any] | None = None, seeds: int = 1, settings: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Train the heads of a recipe; cached runs are not trained again. Needs the trainer role."""
        return self.send(
            "POST", "/api/jobs", body={"recipe": recipe, "heads": heads, "seeds": seeds, "settings": settings}
        )

    def read_job(self, run_id: str) -> dict[str, Any]:
        """State and progress of a job."""
        return self.send("GET", f"/api/jobs/{quote_part(run_id)}")

    def cancel_job(self, run_id: str) -> dict[str, Any]:
        """Cancel a queued or running job. Needs the trainer role."""
        return self.send("POST", f"/api/jobs/{quote_part(run_id)}/cancel", body={})

    def list_reports(self, *, q: str = "", limit: int = 100, offset: int = 0) -> dict[str, Any]:
        """Reports, the most recently changed first."""
        return self.send("GET", "/api/reports", query={"q": q, "limit": limit, "offset": offset})

    def read_report(self, address: str) -> dict[str, Any]:
        """A published report: all texts and values."""
        return self.send("GET", f"/api/reports/{quote_part(address)}")

    def read_report_csv(self, address: str) -> str:
        """A published report as CSV."""
        return self.send("GET", f"/api/reports/{quote_part(address)}/csv")

    def list_comments(self, report_id: str) -> dict[str, Any]:
        """Comments on a report."""
        return self.send("GET", f"/api/reports/{quote_part(report_id)}/comments")

    def add_comment(
        self, report_id: str, *, text: str, block: str = "", version: int = 0, reply_to: int | None = None
    ) -> dict[str, Any]:
        """Comment on a report, or reply to a comment. Needs the commenter role."""
        return self.send(
            "POST",
            f"/api/reports/{quote_part(report_id)}/comments",
            body={"text": text, "block": block, "version": version, "reply_to": reply_to},
        )

    def resolve_comment(self, report_id: str, number: int, *, resolved: bool = True) -> dict[str, Any]:
        """Mark a comment as resolved, or as open again. Needs the commenter role."""
        return self.send(
            "POST",
            f"/api/reports/{quote_part(report_id)}/comments/{quote_part(number)}/resolve",
            body={"resolved": resolved},
        )

    def read_report_page(self, address: str, *, comments: str = "0") -> str:
        """A published report as an HTML page."""
        return self.send("GET", f"/reports/{quote_part(address)}", query={"comments": comments})

    def read_shared_report(self, address: str, secret: str) -> str:
        """A published version as an HTML page, for everyone with a view-only link to it."""
        return self.send("GET", f"/shared/{quote_part(address)}/{quote_part(secret)}")

    def read_metrics(self) -> str:
        """Metrics of the dashboard for Prometheus."""
        return self.send("GET", "/metrics")

    def check_health(self) -> dict[str, Any]:
        """Health check."""
        return self.send("GET", "/healthz")
