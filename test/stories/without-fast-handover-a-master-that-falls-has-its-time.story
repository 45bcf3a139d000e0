# The condition absent, four times: off, as the RFCs want it; with nopreempt, where any Master is lived with
# (RFC 5798 §6.4.2 (445)); during preempt_delay; and for a Master that did not fall, but was weaker all along.

reconfigure
  off priority=100
  meek vrid=2 priority=100 fast_handover=yes preempt=no
  late vrid=3 priority=100 fast_handover=yes preempt_delay=60s
  used vrid=4 priority=100 fast_handover=yes
startup
hear router=off priority=150
hear router=meek priority=150
hear router=late priority=150
hear router=used priority=90
wait 500ms
hear router=off priority=90
hear router=meek priority=90
hear router=late priority=90
hear router=used priority=80
state
----
off: initialize -> backup (startup)
meek: initialize -> backup (startup)
late: initialize -> backup (startup)
used: initialize -> backup (startup)
off: backup priority=100 due in 3.109375s
meek: backup priority=100 due in 3.609375s
late: backup priority=100 due in 3.609375s
used: backup priority=100 due in 3.109375s
