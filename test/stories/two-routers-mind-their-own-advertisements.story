# RFC 5798 §7.1: an advertisement concerns the VRID it carries.  Both start at 0 s with
# 3.609375 s and 3.5 s to wait; router b hears nothing.

router name=a vrid=1 priority=100
router name=b vrid=2 priority=128 address=10.0.0.200
startup
----
a: initialize -> backup (startup)
b: initialize -> backup (startup)

wait 3s
hear router=a priority=200
wait 0.5s
----
at 3.5s
b: backup -> master (master_silent)
  b: send advert priority=128
  b: add 10.0.0.200
  b: announce 10.0.0.200 x5

# 3 s + 3.609375 s - 3.5 s; and b is due at 4.5 s.

state
----
a: backup priority=100 due in 3.109375s
b: master priority=128 due in 1s
