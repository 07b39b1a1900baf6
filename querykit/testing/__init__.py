"""For the tests of programs: what a query says on each database, what would run, and a database that forgets.

>>> from querykit import select_from, table
>>> from querykit.testing import in_every_dialect
>>> pet = table("pet")
>>> in_every_dialect(select_from(pet).select(pet.id).where(pet.name == "Rex"))["mysql"]
('SELECT `pet`.`id` FROM `pet` WHERE `pet`.`name` = %s', ('Rex',))
"""

from querykit.testing.recording import Recorded, RecordingDatabase
from querykit.testing.rollback import rolled_back
from querykit.testing.spelling import in_every_dialect

__all__ = ["Recorded", "RecordingDatabase", "in_every_dialect", "rolled_back"]
