# B10.4: unknown is neither good nor bad. A good answer of weight 30 adds 30, of weight -30 it takes nothing.

check script/a
check script/b
router priority=100 track=script/a:30,script/b:-30
startup
state
----
initialize -> backup (startup)
backup priority=100 due in 3.609375s

answer script/a good
state
answer script/b good
state
answer script/b bad
state
----
backup priority=130 due in 3.492188s
backup priority=130 due in 3.492188s
backup priority=100 due in 3.609375s
