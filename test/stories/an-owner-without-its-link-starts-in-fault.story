# RFC 5798 §6.4.1 (105) makes the owner Master at once; Keepalived (B9.2) first
# asks whether it could be one.

link eth0 down
router priority=255
startup
----
initialize -> fault (link_down)
