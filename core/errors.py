"""The tree of errors. Pages and the CLI catch HeadroomError and show its one sentence.

HeadroomError
├── SpecError            a knob's value outside what it allows
├── UnknownNameError     a name that its registry does not hold
├── DatasetError         a dataset that is absent, damaged or cannot be fetched
├── RunError             a run that is absent, damaged or already there
│   ├── RunNotFoundError
│   └── RunDamagedError
├── ComparisonError      runs that cannot be set side by side fairly
├── JobError             a job that cannot be queued, started or stopped
│   └── ClusterError     a cluster that does not answer, or not as it should
├── TrainingError        a training that cannot go on
├── ArtifactError        a store of copies that cannot be read or written
├── BundleError          a file of runs that cannot be trusted, or cannot be made
├── NoteError            what people add to a run, when it is refused or somebody else was faster
├── SearchError          a search that is not understood
├── ReportError          a report that is absent, or cannot be as it was asked for
│   ├── ReportConflictError  somebody else was faster
│   └── ReportDamagedError   a file of it that is not as it was written
├── ExporterError        another tool that is not installed, does not answer or refuses
├── AccessError          somebody who may not, or settings of who may that cannot be relied on
│   └── LoginError       nobody is logged in, or not any more
├── RequestError         a request of a program that is not understood
│   └── NoSuchPathError  one to what there cannot be
└── HomeError            a Headroom home that cannot be read or written
"""


class HeadroomError(Exception):
    """Something a person can act on; its text is one sentence that names the value and what was expected."""


class SpecError(HeadroomError):
    pass


class UnknownNameError(HeadroomError):
    pass


class DatasetError(HeadroomError):
    pass


class RunError(HeadroomError):
    pass


class RunNotFoundError(RunError):
    pass


class RunDamagedError(RunError):
    pass


class ComparisonError(HeadroomError):
    pass


class JobError(HeadroomError):
    pass


class ClusterError(JobError):
    pass


class TrainingError(HeadroomError):
    pass


class ArtifactError(HeadroomError):
    pass


class HomeError(HeadroomError):
    pass


class BundleError(HeadroomError):
    pass


class NoteError(HeadroomError):
    pass


class SearchError(HeadroomError):
    pass


class ReportError(HeadroomError):
    pass


class ReportConflictError(ReportError):
    pass


class ReportDamagedError(ReportError):
    pass


class ExporterError(HeadroomError):
    pass


class AccessError(HeadroomError):
    pass


class LoginError(AccessError):
    pass


class RequestError(HeadroomError):
    pass


class NoSuchPathError(RequestError):
    pass
