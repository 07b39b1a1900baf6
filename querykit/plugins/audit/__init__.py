"""Who changed what: old and new values, written in the transaction of the change."""
