"""What a pursuit can be flown for: reference scores by plans that know all, flown on the twin."""
