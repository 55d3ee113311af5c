-- An effect says `begun` from before the outside system is asked. A release that did not know the word left `intended`
-- also where it had asked, and got no clear answer: such a training may run, and keeps its slot and its money.
update effects set state = 'begun' where state = 'intended';
