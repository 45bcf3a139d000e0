# `heird promote`: nopreempt and preempt_delay leave a weaker Master alone, and an operator need not. Its
# advertisement is the stronger one, and §6.4.3 (725) has the other yield.

router priority=200 preempt=no
startup
hear priority=100
promote
----
initialize -> backup (startup)
backup -> master (operator)
  send advert priority=200
  add 10.0.0.100
  announce 10.0.0.100 x5

hear priority=100
----
  send advert priority=200
  announce 10.0.0.100 x5
