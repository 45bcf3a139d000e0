# Keepalived (B10.3): FAULT is left only when all of its reasons are gone.  What is
# told is the reason that is left.

router priority=100
startup
----
initialize -> backup (startup)

link eth0 down
source 10.0.0.1 removed
----
backup -> fault (link_down)

link eth0 up
----
fault -> fault (no_primary_address)

source 10.0.0.1 added
----
fault -> backup (primary_address)

# The other way round.

source 10.0.0.1 removed
----
backup -> fault (no_primary_address)

link eth0 down
source 10.0.0.1 added
----
fault -> fault (link_down)

link eth0 up
----
fault -> backup (link_up)
