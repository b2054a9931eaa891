"""The warden records what was found, applies quarantine and tells the others.

`judgement` holds the nouns and the pure decisions, `draft` what one write will do, and
`warden` the service that makes it durable, mirrors it and only then publishes it.
"""

from qualitywatch.warden.committing import STORE
from qualitywatch.warden.judgement import Judged, Recorded
from qualitywatch.warden.repairs import offer
from qualitywatch.warden.warden import Warden

__all__ = ["STORE", "Judged", "Recorded", "Warden", "offer"]
