"""A feature's rows now and in the reference: from the counts that the check saw, or not at all."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from autopilot.report.blamed import blamed
from autopilot.report.distributions import distributions, telling
from autopilot.report.summary import report_text
from graph.codec import digest, dump
from graph.evidence import Evidence, WindowRef
from graph.model import Json
from tests.unit.autopilot.courses import past
from tests.unit.autopilot.documents import EVERY_FEATURE, checked
from tests.unit.graph.policy.builders import AMOUNT, DAY, MERCHANT, NOW, QUIET
from tools.profile.counting import Counting
from tools.profile.counts import FeatureCounts
from tools.profile.profile import FeatureProfile
from tools.profile.reference import Filling, Sampler
