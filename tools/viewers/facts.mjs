// What OHIF holds in its memory, as plain values. Each function here runs inside the page.

/** Everything that can be told of the viewer after an object was opened. */
export function facts() {
  const { cornerstone, cornerstoneTools, services } = window;
  const instance = (imageId) => cornerstone.metaData.get("instance", imageId)?.SOPInstanceUID ?? null;
  const frame = (imageId) => Number(/frames\/(\d+)/.exec(imageId ?? "")?.[1] ?? 1);
  const viewportId = services.viewportGridService.getActiveViewportId();
  const viewport = services.cornerstoneViewportService.getCornerstoneViewport(viewportId);

  // The pixels of one label in one image, as [start, length, start, length, ...].
  function runs(pixels, label) {
    const found = [];
    for (let at = 0; at < pixels.length; at += 1) {
      if (pixels[at] !== label) continue;
      const start = at;
      while (pixels[at] === label) at += 1;
      found.push(start, at - start);
    }
    return found;
  }

  // Overlapping segments are in several label maps; the bindings say which segment is which label of which map.
  function voxels(labelmap, number) {
    const binding = labelmap.segmentBindings?.[number];
    const layer = binding && labelmap.labelmaps?.[binding.labelmapId];
    const found = {};
    for (const imageId of layer?.imageIds ?? labelmap.imageIds) {
      const image = cornerstone.cache.getImage(imageId);
      const here = runs(image.getPixelData(), binding?.labelValue ?? number);
      if (here.length === 0) continue;
      const source = `${instance(image.referencedImageId)} ${frame(image.referencedImageId)}`;
      if (found[source]) throw new Error("two images of a label map stand for one image");
      found[source] = here;
    }
    return found;
  }

  function segmentation(one) {
    const shown = services.segmentationService
      .getSegmentationRepresentations(viewportId)
      .find((shown) => shown.segmentationId === one.segmentationId);
    const segments = Object.values(one.segments).map((segment) => ({
      number: segment.segmentIndex,
      label: segment.label,
      category: segment.cachedStats?.category,
      type: segment.cachedStats?.type,
      statistics: Object.fromEntries(
        Object.entries(segment.cachedStats?.namedStats ?? {}).map(([name, { value, unit }]) => [name, { value, unit }]),
      ),
      colour: shown?.segments[segment.segmentIndex]?.color?.slice(0, 3) ?? null,
      visible: shown?.segments[segment.segmentIndex]?.visible ?? false,
      voxels: voxels(one.representationData.Labelmap, segment.segmentIndex),
    }));
    return { label: one.label, layers: Object.keys(one.representationData.Labelmap.labelmaps ?? {}).length, segments };
  }

  const measurement = (one) => ({
    tool: one.toolName,
    image: one.SOPInstanceUID,
    frame: one.frameNumber,
    points: one.points.map((point) => [...point]),
    label: one.label ?? null,
    finding: one.finding?.CodeMeaning ?? null,
    sites: (one.findingSites ?? []).map((site) => site.CodeMeaning),
    shown: one.displayText?.primary ?? [],
    // One image, so one set of numbers.
    statistics: Object.values(one.data ?? {})[0] ?? {},
  });

  // What a report draws while its groups are not measurements of OHIF.
  const overlay = ({ annotationUID, data, metadata }) => ({
    uid: annotationUID,
    image: instance(metadata.referencedImageId),
    label: data.label ?? null,
    shapes: Object.fromEntries(
      Object.entries(data.renderableData ?? {}).map(([kind, shapes]) => [kind, shapes.map((shape) => shape.map((point) => [...point]))]),
    ),
  });

  const canvas = viewport?.canvas;
  const pixels = canvas?.width ? canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data : [];
  let lit = 0;
  for (let at = 0; at < pixels.length; at += 4) lit += pixels[at] + pixels[at + 1] + pixels[at + 2] > 30;

  return {
    displaySets: services.displaySetService.getActiveDisplaySets().map((one) => ({
      modality: one.Modality,
      series: one.SeriesInstanceUID,
      handler: one.SOPClassHandlerId.split(".").pop(),
      loaded: one.isLoaded ?? null,
      hydrated: one.isHydrated ?? null,
      unsupported: one.unsupported ?? false,
      messages: one.messages?.messages?.map((message) => message.id) ?? [],
      measurements: one.measurements?.length ?? null,
    })),
    segmentations: services.segmentationService.getSegmentations().map(segmentation),
    measurements: services.measurementService.getMeasurements().map(measurement),
    overlays: cornerstoneTools.annotation.state
      .getAllAnnotations()
      .filter((one) => one.metadata.toolName === "DICOMSRDisplay")
      .map(overlay),
    image: instance(viewport?.getCurrentImageId?.()),
    images: viewport?.getImageIds?.().length ?? 0,
    lit: pixels.length ? (4 * lit) / pixels.length : 0,
  };
}

/** A few numbers that change while the viewer is at work. */
export function pulse() {
  const { cornerstone, cornerstoneTools, services } = window;
  return JSON.stringify([
    services.displaySetService.getActiveDisplaySets().map((one) => [one.isLoaded, one.isHydrated]),
    services.segmentationService.getSegmentations().map((one) => Object.values(one.segments).map((segment) => Object.keys(segment.cachedStats?.namedStats ?? {}).length)),
    services.measurementService.getMeasurements().length,
    cornerstoneTools.annotation.state.getAllAnnotations().length,
    cornerstone.cache.getCacheSize(),
  ]);
}
