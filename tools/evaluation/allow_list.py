"""The types that a skops model file may hold beside what skops itself trusts; everything else needs `trust_model_code`.

skops trusts scikit-learn's public estimators, its loss functions, numpy and scipy ufuncs and plain containers. The
names here are what common estimators need on top. The rule for a new entry: building it from any content, and calling
it with any arguments, must do no more than arithmetic on arrays. A function of the owner's own, a bound method,
`operator.methodcaller` or a loader of another library's bytes can never be on this list.

The list keeps a file from naming code to run. It does not make scikit-learn's native code safe against forged arrays:
trees.py looks at the trees, and the rest is why a model is loaded in a child process that holds nothing of value.
"""

_DATA = (
    "numpy.dtype",  # SimpleImputer and KBinsDiscretizer remember the dtype they were fitted on
    "sklearn.utils._bunch.Bunch",  # a dict with attributes: VotingClassifier, StackingClassifier
    "sklearn.utils._metadata_requests.MetadataRequest",
    "sklearn.utils._metadata_requests.MethodMetadataRequest",
)

# skops leaves both out because a crafted file can hold node indices that point outside the tree, which scikit-learn
# follows without looking: trees.py looks before the first prediction.
_TREES = (
    "sklearn.tree._tree.Tree",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
)

_PARTS_OF_ESTIMATORS = (
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.calibration._TemperatureScaling",
    "sklearn.compose._column_transformer.make_column_selector",
    "sklearn.multiclass._ConstantPredictor",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "scipy.interpolate._bsplines.BSpline",  # SplineTransformer
)

# HistGradientBoosting with categorical columns holds partial(check_array, …). A partial can bind only a callable that
# is itself on a list: skops audits what it binds.
_FUNCTIONS = (
    "functools.partial",
    "sklearn.utils.validation.check_array",
    "scipy._lib.array_api_compat.numpy._aliases.asarray",  # SplineTransformer
    "sklearn.feature_selection._univariate_selection.chi2",
    "sklearn.feature_selection._univariate_selection.f_classif",
)

# A search that was logged whole (GridSearchCV and its kin) holds its scorer and its splitter; predicting uses neither.
_SEARCHES = (
    "sklearn.metrics._scorer._Scorer",
    "sklearn.metrics._scorer._PassthroughScorer",
    "sklearn.metrics._ranking.average_precision_score",
    "sklearn.metrics._ranking.roc_auc_score",
    "sklearn.metrics._classification.accuracy_score",
    "sklearn.metrics._classification.balanced_accuracy_score",
    "sklearn.metrics._classification.brier_score_loss",
    "sklearn.metrics._classification.f1_score",
    "sklearn.metrics._classification.log_loss",
    "sklearn.model_selection._split.KFold",
    "sklearn.model_selection._split.StratifiedKFold",
    "sklearn.model_selection._split.TimeSeriesSplit",
)

# Left out on purpose: sklearn.neighbors' KDTree and BallTree, whose stored indices are followed unchecked like a tree's
# but lie behind the library's own format; LightGBM's and XGBoost's boosters, which hand their bytes to a C++ parser.

ALLOWED = frozenset((*_DATA, *_TREES, *_PARTS_OF_ESTIMATORS, *_FUNCTIONS, *_SEARCHES))
