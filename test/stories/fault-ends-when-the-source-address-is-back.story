# Keepalived (B9.12): the link alone is not enough.

source 10.0.0.1 removed
router priority=100
startup
----
initialize -> fault (no_primary_address)

# An address of the other family is none for this one.

source fe80::5 added
----
ok

source 10.0.0.9 added
state
----
fault -> backup (primary_address)
backup priority=100 due in 3.609375s
