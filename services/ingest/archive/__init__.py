"""The raw topics as daily files: what a tape is made from, kept for ever, playable again."""
