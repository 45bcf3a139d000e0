# A router looks at its own interface only.

router priority=100 interface=eth0
startup
link eth1 up
source 10.0.1.1 added eth1
link eth1 down
link eth1 gone
state
----
initialize -> backup (startup)
backup priority=100 due in 3.609375s
