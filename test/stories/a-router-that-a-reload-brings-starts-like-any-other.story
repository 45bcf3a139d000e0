# RFC 5798 §6.4.1 (150)-(165): the new one waits its 3.609375 s; the old one does not
# notice.

router name=a vrid=1 priority=100
startup
wait 1s
----
initialize -> backup (startup)

reconfigure b vrid=2 priority=100 address=10.0.0.200
----
b: new -> backup (config)

state
----
a: backup priority=100 due in 2.609375s
b: backup priority=100 due in 3.609375s
