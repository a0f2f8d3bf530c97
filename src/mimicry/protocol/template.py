"""The commented file that ``mimicry protocol new`` starts from."""

__all__ = ["template_text"]


def template_text(name: str, *, parent: str | None = None) -> str:
    """Return a protocol file that passes every check as it is and explains each key.

    Parameters
    ----------
    name
        Name of the protocol and stem of its file.
    parent
        Protocol to extend; the file then holds only what usually changes.
    """
    return _WHOLE.format(name=name) if parent is None else _CHANGE.format(name=name, parent=parent)


_CHANGE = """\
# A variant: everything that is not named here is taken from {parent}.
# See what that is with:  mimicry protocol show {name}.yaml
name: {name}                # equal to the file's stem
extends: {parent}
title: What this variant is, in one line

# Name only what differs, at the same place as in the parent. `key: null` takes a key away,
# for example a whole block. Lists are replaced, not merged.
timing:
  iti_s: [2.5, 4.0]

# Where the values IN THIS FILE come from: default, memory, or `source KEY` with a key of
# `references`. '*' stands for everything that is not named.
provenance:
  '*': default
"""

_WHOLE = """\
# A protocol for mimicry. Check it with:    mimicry protocol check {name}.yaml
#                         look at it with:  mimicry protocol preview {name}.yaml
# All times are seconds. Unknown keys are refused, so a slip of the pen cannot pass unseen.
name: {name}                # equal to the file's stem
title: What this is, in one line
paradigm: own               # id of a published paradigm, or 'own'
status: ready               # 'simulate-only' when its analysis does not exist yet
purpose: >
  Why one would run this.

# The hypothesis, the comparison that decides, and both outcomes, before any data.
hypothesis:
  statement: The lip corners rise more while watching happy than neutral faces.
  key_contrast: AU12 minus AU04, happy minus neutral trials, watch block.
  supports: A positive contrast whose interval excludes 0.
  against: A contrast below 0, or within the smallest effect of interest although the imitate
    block moves AU12.

design:
  # groups: {{first: who they are, second: who they are}}   # compared between persons
  # traits: {{empathy: questionnaire total}}                # correlated with the score
  # visits: [pre, post]                                     # one session each
  # factors:                                                # further factors of the trials
  #   motion:
  #     assign: trial        # every face at every level; 'identity': each face has one level
  #     levels:
  #       moving: {{kind: dynamic}}
  #       still: {{kind: static, timing: {{neutral_s: 0, rise_s: 0, apex_s: 2.5}}}}
  block_order: fixed         # fixed, rotate (over participants) or alternate (runs take turns)
  randomisation:
    max_same_condition: 2    # most trials of one condition in a row; null: no limit
    max_same_identity: 1     # most trials of one face in a row; null: no limit
  seed: 1

# Which faces. Without `manifest` these are the rendered faces of the package: m01 to m04 and
# f01 to f04. With `manifest: my-set.json` they are your own.
stimuli:
  identities: [m01, f01, m02, f02]
  kind: dynamic              # dynamic or static

# What each condition shows, and which action units are scored. `targets` are what a following
# face would move, `opponents` what it would not. A control condition has neither.
conditions:
  happy: {{emotion: happy, targets: [AU12], opponents: [AU04], valence: positive}}
  neutral: {{emotion: neutral}}

# One trial, phase by phase.
timing:
  fixation_s: 1.0            # cross
  cue_s: 0                   # text before the face (see blocks.NAME.cue)
  neutral_s: 0.5             # still face; 0 for photographs
  rise_s: 0.75               # from the first movement to the apex
  apex_s: 1.25               # expression held
  fall_s: 0
  blank_s: 1.0               # empty screen; windows may reach into it
  iti_s: [2.5, 4.0]          # pause: a number, [low, high], or {{values: [5.75, 6, 6.25]}}

# Blocks in order. Trials per condition = identities x repeats x levels of trial factors.
blocks:
  watch:
    task: watch              # watch, imitate, inhibit, infer, recognise or interact
    instruction: Please look at each face for as long as it is there.
    repeats: 4
    swap: clip               # clips repeat: the null deals labels over clips (or pairs, block)
    practice: 2              # never scored
  imitate:
    task: imitate
    instruction: Please make the same movement as the face you see.
    repeats: 2
    swap: clip

# ratings:
#   mood: {{prompt: How do you feel?, low: bad, high: good, after: trial, blocks: [watch]}}
#   warm: {{prompt: How warm?, low: "0", high: "10", scale: keys, steps: 11, after: block}}

capture:
  fps: 30

# How trials are scored. Windows count from the first movement of the face (dynamic onset) and
# must lie inside the trial.
scoring:
  reference: neutral         # 'neutral' control trials, or trials of the other 'valence'
  neutral_condition: neutral
  baseline_s: [-0.5, 0]
  windows: {{main: [0.5, 2.5]}}
  primary_window: main
  swap: redraw               # of blocks without a swap; 'redraw' follows limited orders

analysis:
  primary:                   # the one planned test
    score: contrast_raw      # contrast, contrast_raw, contrast_cal, hit_rate, latency_shift_s,
                             # rating or coupling
    condition: happy
    block: watch
    # within: {{factor: block, more: imitate, less: watch}}    # difference within persons
    # between: {{factor: group, more: first, less: second}}    # difference between groups
    # trait: empathy                                         # correlation with a trait
    sesoi_d: 0.3             # smallest effect of interest
  exclusions:
    - people with fewer than 6 valid trials in a cell

# What the simulator takes for granted. Responses are in standard deviations of single trials.
prediction:
  response: {{happy: 0.4}}
  effects:
    - {{where: {{block: imitate}}, gain: 8}}
    # with `within`, `between` or `trait` above, mark the effect that the test looks for:
    # - {{where: {{group: second}}, gain: 0.6, predicted: true}}

power:
  participants: 52
  note: 80 % power for d_z 0.4, two-sided .05.

references:
  example: Author and Author 2020, Journal 1:1

# Where every value comes from: default (our choice), memory (known, not looked up), or
# `source KEY, KEY` with keys of `references`; a remark may follow in brackets. The longest
# key that fits counts; '*' stands for the rest.
provenance:
  '*': default
  timing.fixation_s: memory (usual in this kind of study)
  timing.rise_s: source example (p. 3)
"""
