"""Named errors. Each says what happened, where, and what to do next; none carries a record's content."""

from __future__ import annotations


class MedallionError(Exception):
    """The root of every error that the platform raises on purpose."""


class InvalidName(MedallionError):
    """A tenant, source or other name does not have the form that resource names need."""


class InvalidContract(MedallionError):
    """A data contract is not valid: the message names file, path and remedy for every finding."""


class InvalidModel(MedallionError):
    """A Gold model's header or SQL is not valid."""


class InvalidTenant(MedallionError):
    """A tenant's folder or settings are not valid."""


class UnknownTenant(MedallionError):
    """No tenant of that id exists in this environment."""


class TenantFrozen(MedallionError):
    """The tenant is being closed, or is closed: nothing new begins."""


class NotClosable(MedallionError):
    """A tenant cannot be closed, or its closing cannot go on, until a person has seen to what the message names."""


class AwaitsApproval(MedallionError):
    """A tenant's closing waits for a second person."""


class ClosingUnsafe(MedallionError):
    """What a closing exported or retained is not what it should be: nothing is removed."""


class UnknownSource(MedallionError):
    """No source of that name is registered for the tenant."""


class UnknownRow(MedallionError):
    """A table holds no row of that key, or has no such column."""


class UnknownRun(MedallionError):
    """No run of that id exists for the tenant."""


class NotHeld(UnknownRun):
    """A run waits for nobody's decision, or not any more."""


class UnknownEntry(MedallionError):
    """No record stands at that place of a source's quarantine."""


class UnknownKey(MedallionError):
    """No API key of that id exists, or it opens nothing any more."""


class UnknownModel(MedallionError):
    """No Gold model of that name, or no text of it with that number, exists for the tenant."""


class UnknownProposal(MedallionError):
    """No proposal of that id exists for the source."""


class UnknownOperation(MedallionError):
    """No operation of that id exists for the tenant."""


class OperationTooLarge(MedallionError):
    """What was asked for, or what came of it, is larger than an operation may say."""


class OperationBroken(MedallionError):
    """An operation never came to its end, however often it was begun."""


class NotCancellable(MedallionError):
    """A run cannot be cancelled: it has ended, or is being published."""


class RunCancelled(MedallionError):
    """A run was cancelled, or ended otherwise, before it was published: nothing more of it is done."""


class UnknownObject(MedallionError):
    """Landing holds no object of that key and version."""


class InvalidUpload(MedallionError):
    """What is to be uploaded cannot be: its name, size, type or checksum has not the form that Landing takes."""


class InvalidQuery(MedallionError):
    """A query is not one statement that reads the tenant's own tables, or its page does not exist."""


class QueryFailed(MedallionError):
    """Athena ended a query without a result."""


class UnknownQuery(MedallionError):
    """No query of that id was asked for the tenant."""


class QueryNotReady(MedallionError):
    """A query has no result yet, or none any more."""


class UnknownReceipt(MedallionError):
    """No receipt of that number stands in the chain, or there is no such chain."""


class UnknownTable(MedallionError):
    """The tenant has no table of that name in that zone."""


class InvalidPeriod(MedallionError):
    """A time that was asked about ends before it begins, or is longer than one question may be about."""


class ProposalNotOpen(MedallionError):
    """A proposal does not stand where it would have to for what was asked of it."""


class OwnProposal(MedallionError):
    """Who proposed something may not approve it here: another person decides."""


class ScheduleChanged(MedallionError):
    """Someone else set the schedule meanwhile."""


class ModelChanged(MedallionError):
    """Someone else set the model's text meanwhile."""


class SourceChanged(MedallionError):
    """A source is not as it was read: another version became active meanwhile, or it waits or goes on already."""


class InvalidSchedule(MedallionError):
    """A schedule's cron expression or time zone cannot be taken."""


class NotRepeatable(MedallionError):
    """A run is not in a state from which it can be done again."""


class Unauthenticated(MedallionError):
    """A request carries no valid key and no signature."""


class NotAllowed(MedallionError):
    """The caller's role may not do this."""


class TenantNotNamed(MedallionError):
    """An operator did not say for which tenant."""


class InvalidCursor(MedallionError):
    """A cursor is none that a page of this list gave."""


class KeyReused(MedallionError):
    """An idempotency key stands for another request already."""


class StillInProgress(MedallionError):
    """The request of this idempotency key is being worked on."""


class SecretAlreadyTold(MedallionError):
    """The request of this idempotency key was answered with a secret, which is told once."""


class InvalidCorrection(MedallionError):
    """A correction of quarantined records names no column, or is not an expression that is allowed."""


class BreakerNotOpen(MedallionError):
    """A source's breaker is not open: it cannot be closed."""


class UnreadableObject(MedallionError):
    """An object cannot be read at all: it is quarantined as one object, outside the sum of records."""


class UnreadableSample(MedallionError):
    """A file is nothing that a contract could be drafted from."""


class KeptOut(MedallionError):
    """What a tenant's folder holds is not made live: a person, or a later version, has it otherwise."""


class NotAKey(MedallionError):
    """A column cannot be what it is asked to be in a drafted contract: a key, or the order of versions."""


class SchemaMismatch(MedallionError):
    """An object's header lacks a column that the contract requires: the run is held."""


class LaneNotAvailable(MedallionError):
    """A source asks for a lane that this deployment does not have."""


class NotReversible(MedallionError):
    """A table cannot be rolled back to the run that was named."""


class SubjectBusy(MedallionError):
    """Another run holds the lease of a source or model."""


class LeaseLost(MedallionError):
    """A run's lease was taken over by another run: what it would write now is refused."""


class PublishConflict(MedallionError):
    """A table's main branch moved since the run began: the compare-and-swap refused to publish."""


class ConservationBroken(MedallionError):
    """Records read and records accounted for do not agree: the run is rejected."""


class IncompatibleSchema(MedallionError):
    """A table cannot take what is to be written: a column has another type, or is not in the table."""


class EngineFailed(MedallionError):
    """An engine could not execute a statement. What the records hold is left out of the message."""


class RowsChanged(MedallionError):
    """Files that were written anew do not hold the rows of those that they were to replace: nothing was committed."""


class UnsafeSnapshot(MedallionError):
    """A table's snapshot holds something that the engine cannot read exactly, such as delete files."""


class LedgerBroken(MedallionError):
    """A chain of receipts is not as the control table says: a receipt was changed, removed or put in by another."""
