using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using RufusIngest.Benchmarks;

Type[] types = [typeof(ParseBenchmarks), typeof(GateBenchmarks), typeof(JsonBenchmarks), typeof(PathBenchmarks)];
switch (args)
{
    case ["gate"]:
        return AllocationGate.Run(types);
    case ["gate", "--prove"]:
        return AllocationGate.Run([typeof(AllocatingRow)]);
    case ["loopback"]:
        return await LoopbackBenchmarks.RunAsync();
    default:
        Summary[] summaries = [.. BenchmarkSwitcher.FromTypes(types).Run(args)];
        return summaries.Length > 0 && summaries.All(s => !s.HasCriticalValidationErrors && s.Reports.All(r => r.Success))
            ? 0
            : 1;
}
