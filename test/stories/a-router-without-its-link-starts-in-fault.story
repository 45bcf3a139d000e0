# Keepalived (B9.2): a router that cannot hold its addresses is in FAULT.  It
# hears nothing, sends nothing and waits for nothing.

link eth0 down
router priority=100
startup
----
initialize -> fault (link_down)

hear priority=50
hear priority=0
wait 10s
state
----
fault priority=100
