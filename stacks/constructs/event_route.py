"""Events that call a function."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from stacks.constructs.task_function import TaskFunction


class EventRoute(Construct):
    """One rule on the default bus whose events invoke a task's function; the undeliverable goes to its dead letters."""

    def __init__(
        self, scope: Construct, construct_id: str, *, description: str, pattern: events.EventPattern, task: TaskFunction
    ) -> None:
        super().__init__(scope, construct_id)
        self.rule = events.Rule(
            self,
            "Rule",
            description=description,
            event_pattern=pattern,
            targets=[
                targets.LambdaFunction(
                    task.function,
                    dead_letter_queue=task.dead_letters.queue if task.dead_letters else None,
                    retry_attempts=185,
                    max_event_age=Duration.hours(24),
                )
            ],
        )
