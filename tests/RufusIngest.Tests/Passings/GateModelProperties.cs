using CsCheck;
using RufusIngest.Passings;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Passings;

public sealed class GateModelProperties
{
    const int Streams = 2_000;

    [Fact]
    public void The_gate_does_what_the_rules_say()
    {
        new GateScenarioGen().Sample(
            scenario => scenario.FindDifference() is null, iter: Streams, print: Explain);
    }

    static string Explain(GateScenario scenario)
    {
        GateScenario small = scenario.Shrink();
        return $"{small}{small.FindDifference()}";
    }
}
