def judge_by_oracle(visits, info):
    raise NotImplementedError
