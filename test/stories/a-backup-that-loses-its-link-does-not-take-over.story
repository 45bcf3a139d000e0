# Keepalived (B9.2): without the link nothing can be heard, and silence means nothing.
# Master_Down_Timer is gone; advertisements still in a queue are ignored.

router priority=100
startup
wait 3s
----
initialize -> backup (startup)

link eth0 down
----
backup -> fault (link_down)

hear priority=50
hear priority=0
wait 10s
state
----
fault priority=100
