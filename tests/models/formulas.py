"""Formulas of known networks, as the lecture writes them."""

LECTURE = "[(conv32 relu)*2 pool]*3 (fc128 relu)*1 softmax"
# torchvision's AlexNet and VGG16, and the lecture's AlexNet at 227×227
ALEXNET = (
    "conv64-11x11/4p2 relu pool3x3/2 conv192-5x5p2 relu pool3x3/2 conv384 relu (conv256 relu)*2 pool3x3/2 avgpool=6x6 "
    "(dropout fc4096 relu)*2 softmax"
)
ALEXNET_LECTURE = (
    "conv96-11x11/4 relu pool3x3/2 norm conv256-5x5p2 relu pool3x3/2 norm (conv384 relu)*2 conv256 relu pool3x3/2 "
    "(dropout fc4096 relu)*2 softmax"
)
ALEXNET_2012 = (
    "conv96-11x11/4 relu norm pool3x3/2 conv256-5x5p2g2 relu norm pool3x3/2 conv384 relu conv384g2 relu conv256g2 relu pool3x3/2 "
    "(dropout fc4096 relu)*2 softmax"
)
VGG16 = (
    "[(conv64 relu)*2 pool] [(conv128 relu)*2 pool] (conv256 relu)*3 pool [(conv512 relu)*3 pool]*2 avgpool=7x7 "
    "(fc4096 relu dropout)*2 softmax vgg"
)
