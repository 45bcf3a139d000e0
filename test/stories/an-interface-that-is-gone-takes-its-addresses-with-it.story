# An interface that is deleted and made again has no address until somebody gives it
# one; what it had before is not remembered (B9.12).

router priority=100
startup
----
initialize -> backup (startup)

link eth0 gone
----
backup -> fault (link_down)

link eth0 up
----
fault -> fault (no_primary_address)

source 10.0.0.1 added
----
fault -> backup (primary_address)
