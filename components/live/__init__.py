"""
The live check: what a TruGen API really answers where its documentation leaves questions open.

    rows.py         the 34 open questions, what this module assumes for each, what would settle it
    answer.py       one answer as it was recorded
    recording.py    all answers of one check
    verdict.py      confirmed, refuted or unknown, with the evidence
    on_reads.py     verdicts from reads alone
    on_writes.py    verdicts from what happened to the throwaway agent
    judgement.py    every row's verdict; pure, like the two above
    api.py          one call at a time, counted, within a budget
    look.py         the read-only calls
    throwaway.py    one agent that is made, found, and deleted in every case
    bodies.py       what the throwaway is sent
    write.py        the calls that change it
    check.py        the whole check
"""
