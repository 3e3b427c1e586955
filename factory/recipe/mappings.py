"""Ready mappings of known datasets, by their names on the Hub; columns and licences are those of
their cards."""

from __future__ import annotations

from typing import Any

from factory.recipe.mapping import Mapping


class Ready(Mapping):
    """A mapping with what else is known of a dataset; a recipe may say otherwise."""

    verifier: str = "math"
    domain: str = "math"
    license: str | None = None
    """As the card says it, as an SPDX name; None where it says none."""

    def of_source(self) -> dict[str, Any]:
        """What the dataset says in place of a recipe."""
        return {"verifier": self.verifier, "domain": self.domain, "license": self.license}


def ready(dataset: str, config: str | None = None) -> Ready | None:
    """The ready mapping of a dataset, or of one of its configurations."""
    return MAPPINGS.get(f"{dataset}:{config}") or MAPPINGS.get(dataset)


PROOFS = ["proof", "notfound"]
"""What NuminaMath writes for a key that there is not."""
DAPO = (
    r"(?s)^(?:Solve the following math problem step by step\..*?\n\n)?\s*(.*?)"
    r'(?:\s*Remember to put your answer on its own line after "Answer:"\.)?\s*$'
)
"""The problem, without DAPO's instructions around it."""
STATEMENT = "{title}\n\n{description}\n\nInput\n{input_format}\n\nOutput\n{output_format}"

MAPPINGS: dict[str, Ready] = {
    # Mathematics whose keys are answers.
    "openai/gsm8k": Ready(
        question="question",
        reference="answer",  # a worked solution that ends in "#### 42"
        reference_pattern=r"####[ \t]*(\S.*)",
        license="MIT",
    ),
    "HuggingFaceH4/MATH-500": Ready(
        question="problem",
        reference="answer",
        keep=["subject", "level", "unique_id"],
    ),
    "AI-MO/NuminaMath-1.5": Ready(
        question="problem",
        reference="answer",
        no_reference=PROOFS,
        where={"problem_is_valid": "Yes", "solution_is_valid": "Yes"},
        keep=["problem_type", "question_type", "source", "synthetic"],
        license="Apache-2.0",
    ),
    "AI-MO/NuminaMath-CoT": Ready(
        question="problem",
        reference="solution",
        reference_form="boxed",
        keep=["source"],
        license="Apache-2.0",
    ),
    "open-r1/OpenR1-Math-220k": Ready(
        question="problem",
        reference="answer",
        no_reference=PROOFS,
        keep=["problem_type", "question_type", "source", "uuid"],
        license="Apache-2.0",
    ),
    "BytedTsinghua-SIA/DAPO-Math-17k": Ready(  # every problem is in it a hundred times
        messages="prompt",
        question_pattern=DAPO,
        reference="reward_model.ground_truth",
        keep=["data_source", "ability", "extra_info.index"],
        license="Apache-2.0",
    ),
    "open-r1/DAPO-Math-17k-Processed": Ready(
        question="prompt",
        question_pattern=DAPO,
        reference="solution",
        keep=["data_source", "ability", "extra_info.index"],
    ),
    "SynthLabsAI/Big-Math-RL-Verified": Ready(
        question="problem",
        reference="answer",
        keep=["source", "domain", "llama8b_solve_rate"],
        license="Apache-2.0",
    ),
    "nvidia/OpenMathReasoning": Ready(  # other keys are what most draws of a model said
        question="problem",
        reference="expected_answer",
        where={"problem_type": "has_answer_extracted"},
        keep=["problem_source", "pass_rate_72b_tir", "used_in_kaggle"],
        license="CC-BY-4.0",
    ),
    "zwhe99/DeepMath-103K": Ready(
        question="question",
        reference="final_answer",
        keep=["difficulty", "topic"],
        license="MIT",
    ),
    "simplescaling/s1K": Ready(  # of the others, some are essays and some crosswords
        question="question",
        reference="solution",
        reference_form="boxed",
        where={"cot_type": "math"},
        keep=["cot_type", "source_type"],
        license="Apache-2.0",
    ),
    "simplescaling/s1K-1.1": Ready(
        question="question",
        reference="solution",
        reference_form="boxed",
        where={"cot_type": "math"},
        keep=["cot_type", "source_type"],
        license="MIT",
    ),
    "GAIR/LIMO": Ready(question="question", reference="answer", license="Apache-2.0"),
    # Replies of models, and no key: the answer that the reply boxes stands in for it.
    "open-thoughts/OpenThoughts3-1.2M": Ready(
        messages="conversations",
        reference="conversations",
        reference_form="boxed_reply",
        where={"domain": "math"},
        keep=["difficulty", "source", "domain"],
        license="Apache-2.0",
    ),
    "open-r1/Mixture-of-Thoughts": Ready(
        messages="messages",
        reference="messages",
        reference_form="boxed_reply",
        keep=["source", "num_tokens"],
    ),
    # Programs.
    "openai/openai_humaneval": Ready(
        question="prompt",
        reference=["test", "entry_point", "prompt", "canonical_solution"],
        reference_form="humaneval",
        keep=["task_id"],
        verifier="code",
        domain="code",
        license="MIT",
    ),
    "google-research-datasets/mbpp": Ready(
        compose="{text}\n\nYour program should pass these tests:\n{test_list:lines}",
        reference=["test_list", "code"],
        reference_form="asserts",
        keep=["task_id"],
        verifier="code",
        domain="code",
        license="CC-BY-4.0",
    ),
    "google-research-datasets/mbpp:sanitized": Ready(
        compose="{prompt}\n\nYour program should pass these tests:\n{test_list:lines}",
        reference=["test_list", "code", "test_imports"],
        reference_form="asserts",
        keep=["task_id"],
        verifier="code",
        domain="code",
        license="CC-BY-4.0",
    ),
    "evalplus/humanevalplus": Ready(
        question="prompt",
        reference=["test", "entry_point", "prompt", "canonical_solution"],
        reference_form="humaneval",
        keep=["task_id"],
        verifier="code",
        domain="code",
        license="Apache-2.0",
    ),
    "evalplus/mbppplus": Ready(
        compose="{prompt}\n\nYour program should pass these tests:\n{test_list:lines}",
        reference=["test", "code"],
        reference_form="test_program",
        keep=["task_id"],
        verifier="code",
        domain="code",
        license="Apache-2.0",
    ),
    "bigcode/bigcodebench": Ready(
        question="instruct_prompt",
        reference=["test", "entry_point", "code_prompt", "canonical_solution"],
        reference_form="humaneval",
        keep=["task_id", "libs"],
        verifier="code",
        domain="code",
        license="Apache-2.0",
    ),
    "codeparrot/apps": Ready(
        compose="{question}\n\n{starter_code:optional}",
        reference="input_output",
        keep=["problem_id", "difficulty", "url"],
        verifier="code",
        domain="code",
        license="MIT",
    ),
    "BAAI/TACO": Ready(
        compose="{question}\n\n{starter_code:optional}",
        reference="input_output",
        keep=["difficulty", "source", "url", "time_limit", "memory_limit"],
        verifier="code",
        domain="code",
        license="Apache-2.0",
    ),
    "open-r1/codeforces": Ready(
        compose=f"{STATEMENT}\n\n{{examples:optional}}\n\n{{note:optional}}",
        reference=["official_tests", "generated_checker", "interaction_format"],
        reference_form="codeforces",
        where={"official_tests_complete": True, "input_mode": "stdio"},
        keep=["id", "rating", "tags", "time_limit", "memory_limit"],
        verifier="code",
        domain="code",
        license="CC-BY-4.0",
    ),
    "livecodebench/code_generation_lite": Ready(
        compose="{question_content}\n\n{starter_code:optional}",
        reference=["public_test_cases", "private_test_cases", "metadata"],
        reference_form="livecodebench",
        keep=["question_id", "platform", "contest_date", "difficulty"],
        verifier="code",
        domain="code",
    ),
    # Instructions that a program can check.
    "google/IFEval": Ready(
        question="prompt",
        reference=["instruction_id_list", "kwargs"],
        reference_form="ifeval",
        keep=["key"],
        verifier="instructions",
        domain="general",
        license="Apache-2.0",
    ),
    "allenai/IF_multi_constraints_upto5": Ready(
        messages="messages",
        reference="ground_truth",
        reference_form="if_constraints",
        keep=["key", "constraint_type"],
        verifier="instructions",
        domain="general",
        license="ODC-BY-1.0",
    ),
}
"""Mappings for known datasets, by their name on the Hub; `:` sets apart a configuration."""
