"""Exceptions of Headroom. Pages and the CLI catch HeadroomError and show its message.

HeadroomError
├── SpecError
│   └── TooSmallError
├── UnknownNameError
├── DatasetError
├── RunError
│   ├── RunNotFoundError
│   └── RunDamagedError
├── ComparisonError
├── AdviceError
├── JobError
│   ├── JobStateError
│   └── ClusterError
├── TrainingError
├── ViewOnlyError
├── ArtifactError
├── BundleError
├── ImportFileError
├── NoteError
├── SearchError
├── ReportError
│   ├── ReportConflictError
│   └── ReportDamagedError
├── ExporterError
├── AccessError
│   └── LoginError
├── RequestError
│   ├── NoSuchPathError
│   └── RequestTooLargeError
└── HomeError
"""


class HeadroomError(Exception):
    """Base class. The message states what happened and, where possible, what the user can do about it."""


class SpecError(HeadroomError):
    """A hyperparameter has an invalid value."""


class TooSmallError(SpecError):
    """The feature maps are smaller than the window of a layer."""


class UnknownNameError(HeadroomError):
    """A name is not in its registry."""


class ModelFileError(HeadroomError):
    """A model file is not one of Keras, is damaged, too large, or has a layer that Headroom does not know."""


class DatasetError(HeadroomError):
    """A dataset is missing, damaged or cannot be downloaded, or an image file is invalid."""


class RunError(HeadroomError):
    """Base class of errors of a run."""


class RunNotFoundError(RunError):
    """A run does not exist."""


class RunDamagedError(RunError):
    """A file of a run is missing, unreadable or does not match its checksum: what happened, and what to do."""

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(f"{problem} {remedy}".rstrip())
        self.problem = problem


class ComparisonError(HeadroomError):
    """Runs cannot be compared."""


class UnknownComparisonError(ComparisonError):
    """A text is not the ID of a comparison."""


class JobError(HeadroomError):
    """A job cannot be queued, started or cancelled."""


class JobStateError(JobError):
    """The state of a job does not allow a change."""


class AdviceError(HeadroomError):
    """A request for advice is invalid, or a race does not exist."""


class ClusterError(JobError):
    """A cluster cannot be reached or sends an invalid response."""


class TrainingError(HeadroomError):
    """Training cannot continue."""


class ViewOnlyError(HeadroomError):
    """This installation has no TensorFlow, so it cannot train, evaluate models or download datasets."""


class ArtifactError(HeadroomError):
    """An artifact store cannot be read or written."""


class HomeError(HeadroomError):
    """The Headroom home directory cannot be read or written."""


class BundleError(HeadroomError):
    """A bundle is invalid or cannot be exported."""


class ImportFileError(HeadroomError):
    """A file cannot be imported as a run."""


class NoteError(HeadroomError):
    """A note, name or tag is invalid, or another user changed it first."""


class SearchError(HeadroomError):
    """A search query is invalid."""


class ReportError(HeadroomError):
    """A report does not exist, or a change to it is invalid."""


class ReportConflictError(ReportError):
    """Another user saved the report first."""


class ReportDamagedError(ReportError):
    """A file of a report is unreadable or does not match its checksum."""


class ExporterError(HeadroomError):
    """MLflow or TensorBoard is not installed, cannot be reached or rejects the export."""


class AccessError(HeadroomError):
    """A user lacks the role for an action, or the access settings are invalid."""


class LoginError(AccessError):
    """No user is logged in, or the login has expired."""


class RequestError(HeadroomError):
    """An HTTP API request is invalid."""


class NoSuchPathError(RequestError):
    """The path of an HTTP API request does not exist."""


class RequestTooLargeError(RequestError):
    """The body of an HTTP API request is too large."""
